import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Chart, type Figure, type Found, makeFigure, makeRatio, type Part, quantile } from "./kit/figure.ts";
import { type AppAt, growApp } from "./scale/app-growth.ts";
import { costsNear, type Growth, growSession, type TurnCost } from "./scale/session-growth.ts";

/** Turns at which a turn's cost is measured. */
const points = [10, 100, 1_000] as const;
/** Turns after which the session is opened anew; a turn is five events. */
const openAt = [100, 500, 1_000, 2_000] as const;
/** 51,200 events, where Temporal ends a history. */
const longest = 10_240;
const sessions = [10, 100, 1_000] as const;

/** How cost grows with the length of a session, and with their number. */
export const part: Part = {
  name: "scale",
  summary: "a turn, a resume and memory against the length of a session; the App against their number",
  budget: 120,
  async run({ full, args, say }) {
    const root = await mkdtemp(join(tmpdir(), "scale-"));
    const most = Number(args.find((arg) => arg.startsWith("--sessions="))?.slice("--sessions=".length) ?? 1_000);
    try {
      const growth = await growSession(root, { points, openAt: full ? [...openAt, longest] : openAt, say });
      const app = await growApp(
        sessions.filter((count) => count <= most),
        say,
      );
      return join2(describeGrowth(growth), describeApp(app));
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
};

const median = (values: readonly number[]): number => quantile(values, 0.5);
const join2 = (one: Found, other: Found): Found => ({
  figures: [...one.figures, ...other.figures],
  charts: [...(one.charts ?? []), ...(other.charts ?? [])],
});

function describeGrowth({ costs, openings }: Growth): Found {
  const of = (point: number, pick: (cost: TurnCost) => number): number[] => costsNear(costs, point).map(pick);
  const lengths = [...new Set(openings.map(({ events }) => events))];
  const at = (events: number): Growth["openings"] => openings.filter((one) => one.events === events);
  const ten = lengths.find((events) => events >= 10_000) ?? Number.NaN;
  const far = lengths.filter((events) => events > 51_000);
  const whole = (cost: TurnCost): number => cost.recordMs + cost.checkpointMs;
  const figures: Figure[] = [
    ...points.map((point) =>
      makeFigure({ id: `P11.checkpoint_ms_turn_${point}`, values: of(point, (cost) => cost.checkpointMs), unit: "ms" }),
    ),
    ...points.map((point) =>
      makeFigure({ id: `P11.record_ms_turn_${point}`, values: of(point, (cost) => cost.recordMs), unit: "ms" }),
    ),
    makeRatio({ id: "P11.turn_cost_slope", of: of(1_000, whole), to: of(100, whole), goal: "<=1.5" }),
    makeRatio({ id: "P11.turn_cpu_slope", of: of(1_000, ({ cpuMs }) => cpuMs), to: of(100, ({ cpuMs }) => cpuMs) }),
    makeFigure({ id: "P8.resume_ms_10k_events", values: at(ten).map(({ ms }) => ms), unit: "ms", goal: "<=1500" }),
    ...far.map((events) =>
      makeFigure({
        id: "R11.resume_ms_51k_events",
        values: at(events).map(({ ms }) => ms),
        unit: "ms",
        goal: "<=5000",
      }),
    ),
    ...lengths.map((events) =>
      makeFigure({ id: `P12.runner_mb_${events}_events`, values: at(events).map((one) => one.residentMb), unit: "MB" }),
    ),
  ];
  const curve = (pick: (one: Growth["openings"][number]) => number): { x: number; y: number }[] =>
    lengths.map((events) => ({ x: events, y: median(at(events).map(pick)) }));
  return {
    figures,
    charts: [
      chartOf("turn-against-length", "journal and checkpoint of a turn, ms", "turns", [100, "turns"], {
        points: points.map((point) => ({ x: point, y: median(of(point, whole)) })),
      }),
      chartOf("resume-against-events", "resume on a fresh runner, ms", "events", [1_000, "events"], {
        points: curve(({ ms }) => ms),
      }),
      chartOf("memory-against-events", "memory of a runner, MB", "events", [1_000, "events"], {
        points: curve(({ residentMb }) => residentMb),
      }),
    ],
  };
}

function describeApp(found: readonly AppAt[]): Found {
  const figures = found.flatMap(({ sessions: count, startMs, memoryMb }) => [
    makeFigure({ id: `P13.label_to_dispatch_ms_${count}_sessions`, values: startMs, unit: "ms" }),
    makeFigure({ id: `P13.app_mb_${count}_sessions`, values: memoryMb, unit: "MB" }),
  ]);
  const per = [100, "sessions"] as const;
  return {
    figures,
    charts: [
      chartOf("app-latency-against-sessions", "the App, label to dispatch, ms", "sessions", per, {
        points: found.map(({ sessions: x, startMs }) => ({ x, y: median(startMs) })),
      }),
      chartOf("app-memory-against-sessions", "memory of the App, MB", "sessions", per, {
        points: found.map(({ sessions: x, memoryMb: y }) => ({ x, y })),
      }),
    ],
  };
}

/** A chart whose slope is that of the straight line which fits the points best. */
function chartOf(
  name: string,
  title: string,
  x: string,
  [count, of]: readonly [number, string],
  { points: all }: Pick<Chart, "points">,
): Chart {
  const mean = (pick: (point: { x: number; y: number }) => number): number =>
    all.reduce((sum, point) => sum + pick(point), 0) / all.length;
  const [middleX, middleY] = [mean((point) => point.x), mean((point) => point.y)];
  const across = mean((point) => (point.x - middleX) ** 2);
  const slope = across === 0 ? 0 : mean((point) => (point.x - middleX) * (point.y - middleY)) / across;
  const unit = title.split(", ").at(-1);
  return {
    name,
    title,
    x,
    points: all,
    slope: `slope ${(slope * count).toPrecision(2)} ${unit} per ${count.toLocaleString("en-US")} ${of}`,
  };
}
