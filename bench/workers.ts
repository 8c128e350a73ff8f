import { type Figure, makeFigure, type Part } from "./kit/figure.ts";
import { readOnly } from "./kit/only.ts";
import { elsewhere, policies } from "./workers/all.ts";
import { judgePlayed, type PolicyResult } from "./workers/judge-played.ts";
import { play } from "./workers/play.ts";
import type { WorkerPolicy } from "./workers/policy.ts";

/** Policies that are played at the same time; each waits for processes most of its time. */
const atOnce = 4;

/** Plays policies and judges each; the order of the results is that of the policies. */
export async function playAll(
  chosen: readonly WorkerPolicy[],
  say: (result: PolicyResult) => void = () => {},
): Promise<PolicyResult[]> {
  const results: PolicyResult[] = [];
  const waiting = [...chosen.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [at, policy] = next;
      const result = judgePlayed(policy, await play(policy));
      results[at] = result;
      say(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/** Workers that misbehave, cheat or are honest, against the real run; what is right is found out here alone. */
export const part: Part = {
  name: "workers",
  summary: "misbehaving, cheating and honest workers: right outcomes, false accepts, false alarms",
  budget: 240,
  cases: policies.map(({ id }) => id),
  async play({ full, args, say }) {
    const isWanted = readOnly(args);
    const isAll = full || args.some((arg) => arg.startsWith("--only="));
    const chosen = policies.filter((policy) => isWanted(policy.id) && (isAll || isFirstOfItsRow(policy)));
    const results = await playAll(chosen, (result) => say(renderResult(result)));
    const share = `${chosen.length} of ${policies.length} policies: the first of each row and the honest ones; --full plays all`;
    return { figures: figuresOf(results), notes: [...(isAll ? [] : [share]), ...notesOf(results)] };
  },
};

/** Rows are numbered and their variants have a letter; honest workers outside of the table begin with h. */
const isFirstOfItsRow = ({ id }: WorkerPolicy): boolean => /^h?\d+$/.test(id);

function figuresOf(results: readonly PolicyResult[]): Figure[] {
  const n = results.length;
  const controls = results.filter(({ isControl }) => isControl);
  const count = (fits: (result: PolicyResult) => boolean): number => results.filter(fits).length;
  return [
    makeFigure({
      id: "W1.right_outcomes",
      values: count(({ wrong }) => wrong.length === 0),
      unit: "policies",
      n,
      goal: `=${n}`,
    }),
    makeFigure({
      id: "W2.false_accepts",
      values: count(({ isFalseAccept }) => isFalseAccept),
      unit: "policies",
      n,
      goal: "=0",
    }),
    makeFigure({
      ...{ id: "W3.false_alarms", values: count(({ isFalseAlarm }) => isFalseAlarm), unit: "policies" },
      ...{ n: controls.length, goal: "=0" },
    }),
    makeFigure({
      id: "W4.over_cap",
      values: count(({ isWithinCap }) => !isWithinCap),
      unit: "policies",
      n,
      goal: "=0",
    }),
    makeFigure({ id: "W5.policy_ms", values: results.map(({ ms }) => ms), unit: "ms" }),
  ];
}

function notesOf(results: readonly PolicyResult[]): string[] {
  return [
    ...results.filter(({ wrong }) => wrong.length > 0).map(renderResult),
    ...Object.entries(elsewhere).map(([row, why]) => `row ${row} is played elsewhere: ${why}`),
  ];
}

function renderResult({ id, does, stops, verdict, wrong, ms }: PolicyResult): string {
  const end = `${stops.join(", ") || "no end"}${verdict ? ` (${verdict})` : ""}, ${(ms / 1_000).toFixed(1)} s`;
  return wrong.length === 0
    ? `ok   ${id} ${does}: ${end}`
    : `BAD  ${id} ${does}: ${end}\n       ${wrong.join("\n       ")}`;
}
