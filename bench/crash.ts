import { parseArgs } from "node:util";
import { playCancels } from "./crash/cancels.ts";
import { type Kills, playKills } from "./crash/kills.ts";
import { playWipes, type Wipes } from "./crash/wipes.ts";
import type { Figure, Part } from "./kit/figure.ts";
import { makeFigure } from "./kit/figure.ts";
import { readOnly } from "./kit/only.ts";

/** Real processes of the bundled action, ended without warning on the embedded world. */
export const part: Part = {
  name: "crash",
  summary: "kill -9 at random moments, runners wiped after each turn, cancels (R3, R4, R9)",
  budget: 420,
  cases: ["R3", "R4", "R9"],
  async play({ full, args, say }) {
    const { values } = parseArgs({
      args: [...args],
      strict: false,
      allowPositionals: true,
      options: { kills: { type: "string" } },
    });
    const count = Number(values.kills ?? (full ? 500 : 50));
    const isWanted = readOnly(args);
    const [kills, wipes] = await Promise.all([
      isWanted("R3") ? playKills({ count, seed: 1, say }) : null,
      isWanted("R4") ? playWipes({ turns: 40, say }) : null,
    ]);
    const figures = [...(kills ? figuresOfKills(kills) : []), ...(wipes ? figuresOfWipes(wipes) : [])];
    if (kills && wipes)
      figures.push(
        makeFigure({
          id: "R8.underbooked",
          values: kills.underbooked + wipes.underbooked,
          unit: "sessions",
          goal: "=0",
          n: kills.stories + 1,
        }),
      );
    return { figures, notes: [...(kills?.notes ?? []), ...(wipes?.notes ?? [])] };
  },
  async run({ full, args, say }) {
    if (!readOnly(args)("R9")) return { figures: [], notes: [] };
    const { ms, toldMs, saved, notes } = await playCancels({ count: full ? 98 : 7, say });
    return {
      figures: [
        makeFigure({ id: "R9.cancel_to_checkpoint_ms", values: ms, unit: "ms", goal: "<=2000" }),
        makeFigure({ id: "R9.cancel_to_status_ms", values: toldMs, unit: "ms", goal: "<=2000" }),
        makeFigure({ id: "R9.saved_share", values: saved / ms.length, unit: "share", goal: "=1", n: ms.length }),
      ],
      notes,
    };
  },
};

function figuresOfKills(kills: Kills): Figure[] {
  return [
    makeFigure({
      id: "R3.whole_after_kill_share",
      values: kills.whole / kills.kills,
      unit: "share",
      goal: "=1",
      n: kills.kills,
    }),
  ];
}

function figuresOfWipes(wipes: Wipes): Figure[] {
  return [
    makeFigure({ id: "R4.finished", values: wipes.finished ? 1 : 0, unit: "share", goal: "=1", n: wipes.wipes }),
    makeFigure({ id: "R4.repeated_turns", values: wipes.repeated, unit: "turns", goal: "<=40", n: wipes.wipes }),
    makeFigure({ id: "R4.cost_ratio", values: wipes.costRatio, unit: "ratio", goal: "<=1.1", n: wipes.wipes }),
  ];
}
