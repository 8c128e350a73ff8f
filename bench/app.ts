import { measureAcks } from "./app/acks.ts";
import { playStorm } from "./app/storm.ts";
import { makeFigure, type Part, quantile } from "./kit/figure.ts";

/** The App in a process of its own before the embedded GitHub. */
export const part: Part = {
  name: "app",
  summary: "acknowledgements in an outage of GitHub, deliveries a second, a storm with kills (R6, R7)",
  budget: 240,
  async play({ say }) {
    const commands = 20;
    say("app: 1,000 deliveries of 20 commands, the App killed 10 times");
    const storm = await playStorm({ commands, deliveries: 1_000, kills: 10, seed: 1 });
    const figures = [
      makeFigure({ id: "R6.effective", values: storm.effective, unit: "runs", goal: `=${commands}`, n: 1_000 }),
      makeFigure({ id: "R6.lost", values: storm.lost, unit: "runs", goal: "=0", n: 1_000 }),
      makeFigure({ id: "R6.double", values: storm.double, unit: "runs", goal: "=0", n: 1_000 }),
      makeFigure({ id: "R6.double_comments", values: storm.doubleComments, unit: "comments", goal: "=0", n: 1_000 }),
    ];
    const seconds = Math.round(storm.ms / 1_000);
    return { figures, notes: [`The storm took ${seconds} s; ${storm.refusedDeliveries} deliveries met a dead App.`] };
  },
  async run({ full, say }) {
    say("app: acknowledgements");
    const acks = await measureAcks({ burst: full ? 10_000 : 3_000, outageSeconds: full ? 30 : 10 });
    const n = acks.outageMs.length;
    return {
      figures: [
        makeFigure({ id: "P10.deliveries_per_s", values: acks.perSecond, unit: "per_s", floor: acks.floorPerSecond }),
        makeFigure({
          ...{ id: "P9.ack_in_outage_ms", values: acks.outageMs, unit: "ms", goal: "<=50" },
          floor: acks.floorMs,
        }),
        makeFigure({
          ...{ id: "P9.ack_p99_ms", unit: "ms", n, goal: "<=50" },
          ...{ values: quantile(acks.outageMs, 0.99), floor: quantile(acks.floorMs, 0.99) },
        }),
        makeFigure({ id: "P9.taken_share", values: acks.taken, unit: "share", goal: "=1", n }),
        makeFigure({ id: "P9.peak_memory_mb", values: acks.peakMegabytes, unit: "MB" }),
      ],
    };
  },
};
