import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../src/git/store.ts";
import { openSession, type Session } from "../src/session/session.ts";
import { type Figure, makeFigure, type Part, quantile } from "./kit/figure.ts";
import { createRemote, recordTurn } from "./session.ts";

const key = "issue-1";
/** Turns around a point that are measured: as many as fill a segment of the journal, within which a checkpoint's cost grows. */
const around = 50;
const points = [10, 100, 1_000] as const;

/** How cost grows with the length of a session. */
export const part: Part = {
  name: "scale",
  summary: "journal, checkpoint and resume against the length of a session, with their slope",
  async run({ say }) {
    const root = await mkdtemp(join(tmpdir(), "baton-bench-"));
    try {
      return await measureGrowth(root, say);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
};

interface TurnCost {
  turn: number;
  recordMs: number;
  checkpointMs: number;
  cpuMs: number;
}

async function measureGrowth(
  root: string,
  say: (line: string) => void,
): Promise<{ figures: Figure[]; notes: string[] }> {
  const remote = createRemote(root, 200);
  const open = async (name: string) => {
    const store = await openStore({ dir: join(root, `${name}.git`), remote: { url: remote.url } });
    const opened = await openSession({ store, key, dir: join(root, name), redact: (text) => text, now: () => 0 });
    return { store, ...opened };
  };
  const { store, session } = await open("first");
  await store.fetch(["refs/heads/main:refs/remotes/main"]);
  const base = await store.treeOf(remote.base);
  await session.record("session_started", {
    ...{ session: key, generation: 1, branch: "b", base_ref: "main", base_sha: remote.base },
    request: { number: 1, title: "t", body: "b", sha256: "0", url: null },
    requester: { id: 1, login: "a" },
  });
  const costs: TurnCost[] = [];
  const resumes: { events: number; ms: number }[] = [];
  const heap: { events: number; mb: number }[] = [];
  for (let turn = 1; turn <= 2_000; turn += 1) {
    const cost = await playTurn(session, turn, base);
    if (cost) costs.push(cost);
    if (![100, 500, 1_000, 2_000].includes(turn)) continue;
    await session.checkpoint({ workTree: base, allowanceUsdMicro: turn });
    execFileSync("git", ["repack", "-a", "-d", "-q"], { cwd: remote.url, env: { PATH: process.env.PATH } });
    say(`scale: resume after ${turn} turns`);
    const events = session.events().length;
    heap.push({ events, mb: process.memoryUsage().rss / 1024 ** 2 });
    for (let round = 0; round < 3; round += 1) {
      const started = performance.now();
      const again = await open(`again-${turn}-${round}`);
      resumes.push({ events, ms: performance.now() - started });
      await again.session.close();
      again.store.close();
    }
  }
  await session.close();
  store.close();
  return describe(costs, resumes, heap);
}

/** One turn, with a checkpoint where it is measured and now and then elsewhere. */
async function playTurn(session: Session, turn: number, base: string): Promise<TurnCost | null> {
  const started = performance.now();
  const cpu = process.cpuUsage();
  await recordTurn(session, turn);
  const recordMs = performance.now() - started;
  const isNear = points.some((point) => turn > point - Math.min(point, around) && turn <= point);
  if (!isNear && turn % 25 !== 0) return null;
  await session.checkpoint({ workTree: base, allowanceUsdMicro: turn });
  const { user, system } = process.cpuUsage(cpu);
  const checkpointMs = performance.now() - started - recordMs;
  return isNear ? { turn, recordMs, checkpointMs, cpuMs: (user + system) / 1_000 } : null;
}

async function describe(
  costs: readonly TurnCost[],
  resumes: readonly { events: number; ms: number }[],
  heap: readonly { events: number; mb: number }[],
): Promise<{ figures: Figure[]; notes: string[] }> {
  const near = (point: number): TurnCost[] =>
    costs.filter(({ turn }) => turn <= point && turn > point - Math.min(point, around));
  const median = (values: readonly number[]): number => quantile(values, 0.5);
  const of = (point: number, pick: (cost: TurnCost) => number): number[] => near(point).map(pick);
  const slope = (pick: (cost: TurnCost) => number): number => median(of(1_000, pick)) / median(of(100, pick));
  const last = resumes.filter(({ events }) => events === resumes.at(-1)?.events);
  const figures = [
    ...points.map((point) =>
      makeFigure({
        id: `P11.checkpoint_ms_turn_${point}`,
        values: of(point, ({ checkpointMs }) => checkpointMs),
        unit: "ms",
      }),
    ),
    ...points.map((point) =>
      makeFigure({ id: `P11.record_ms_turn_${point}`, values: of(point, ({ recordMs }) => recordMs), unit: "ms" }),
    ),
    makeFigure({
      id: "P11.turn_cost_slope",
      values: slope((c) => c.recordMs + c.checkpointMs),
      unit: "times",
      goal: "<=1.5",
    }),
    makeFigure({ id: "P11.turn_cpu_slope", values: slope(({ cpuMs }) => cpuMs), unit: "times", goal: "<=1.5" }),
    makeFigure({ id: "P8.resume_ms_10k_events", values: last.map(({ ms }) => ms), unit: "ms", goal: "<=1500" }),
  ];
  const rows = [...new Set(resumes.map(({ events }) => events))].map((events) => ({
    events,
    ms: median(resumes.filter((one) => one.events === events).map(({ ms }) => ms)),
  }));
  const perThousand =
    rows.length > 1 ? ((rows.at(-1)!.ms - rows[0]!.ms) / (rows.at(-1)!.events - rows[0]!.events)) * 1_000 : 0;
  const chart = join(import.meta.dirname, "../docs/images/resume-against-events.svg");
  await writeFile(
    chart,
    renderChart(rows, `resume, ms, against events: ${perThousand.toFixed(0)} ms per 1,000 events`),
  );
  return {
    figures,
    notes: [
      ...rows.map(({ events, ms }) => `resume with ${events} events: ${ms.toFixed(0)} ms`),
      `slope of the resume: ${perThousand.toFixed(0)} ms per 1,000 events`,
      ...heap.map(({ events, mb }) => `resident memory of the writer with ${events} events: ${mb.toFixed(0)} MB`),
    ],
  };
}

/** A line through the points, as SVG. */
function renderChart(rows: readonly { events: number; ms: number }[], title: string): string {
  const [width, height, pad] = [640, 320, 48];
  const [maxX, maxY] = [Math.max(...rows.map((row) => row.events)), Math.max(...rows.map((row) => row.ms))];
  const x = (events: number): number => Math.round(pad + (events / maxX) * (width - 2 * pad));
  const y = (ms: number): number => Math.round(height - pad - (ms / maxY) * (height - 2 * pad));
  const dots = rows.map(
    ({ events, ms }) =>
      `<circle cx="${x(events)}" cy="${y(ms)}" r="4"/><text x="${x(events) - 8}" y="${y(ms) - 10}" text-anchor="end">${events}: ${Math.round(ms)} ms</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="${title}">
<rect width="${width}" height="${height}" fill="#fff"/><text x="${pad}" y="24" font-size="14">${title}</text>
<path d="M${pad} ${pad}V${height - pad}H${width - pad}" fill="none" stroke="#888"/>
<polyline points="${rows.map(({ events, ms }) => `${x(events)},${y(ms)}`).join(" ")}" fill="none" stroke="#2563eb" stroke-width="2"/>
<g fill="#2563eb">${dots.join("")}</g></svg>
`;
}
