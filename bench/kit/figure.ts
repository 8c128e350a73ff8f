import { quantile, type Ratio, ratioOf } from "./spread.ts";

export { quantile } from "./spread.ts";

/** One measured figure, as `--json` writes it; the ratios stand beside the figures there. */
export interface Figure {
  /** Stable name, such as `P2.overhead_ms`. */
  id: string;
  /** The median of the samples, or the one value. */
  value: number;
  /** Null for a figure that is one value. */
  p95: number | null;
  unit: string;
  /** Samples behind the value. */
  n: number;
  /** The same measured without Baton in the same run; null where there is nothing to compare with. */
  floor: number | null;
  /** `<=30`, `>=0.95` or `=0`; null when the figure is only shown. */
  goal: string | null;
  holds: boolean;
  /** Value over floor with its spread, or the figure itself where it is a ratio of samples. */
  ratio?: Ratio;
}

/** What a part of the bench found. */
export interface Found {
  figures: Figure[];
  /** Lines for people that the figures do not tell: what failed, what was not run. */
  notes?: string[];
  /** Curves for the page. */
  charts?: Chart[];
}

/** How something grows, for the page. */
export interface Chart {
  /** Name of the file under `docs/images`, without the ending. */
  name: string;
  /** What is drawn, with the unit: `resume, ms`. */
  title: string;
  /** What it grows with: `events`. */
  x: string;
  points: readonly { x: number; y: number }[];
  /** The slope in words: `19 ms per 1,000 events`. */
  slope: string;
}

/** One part as `--json` writes it. */
export interface PartResult extends Required<Found> {
  bench: string;
  machine: Machine;
  seconds: number;
  /** Seconds that the part may take on two quiet cores. */
  budget: number;
  /** Why the part did not come to its end; null when it did. */
  broken: string | null;
}

export interface Machine {
  cpu: string;
  cores: number;
  memory_gb: number;
  os: string;
  node: string;
  at: string;
  /** Load average over one minute when the run began. */
  load: number;
}

export interface PartOptions {
  /** The long version of a part that has one. */
  full: boolean;
  /** Other arguments of the command line, as they came. */
  args: readonly string[];
  say: (line: string) => void;
}

/** A part of the bench: a file in `bench/` exports one as `part`. Each step is a process of its own. */
export interface Part {
  name: string;
  /** One line for the list of parts. */
  summary: string;
  /** Seconds that all of it may take on two quiet cores; 120 unless said. */
  budget?: number;
  /** What `--only` may choose from. */
  cases?: readonly string[];
  /** What counts and takes no time: a step of another part may be at work beside it. */
  play?(options: PartOptions): Promise<Found>;
  /** What takes the time: it has the machine for itself. */
  run?(options: PartOptions): Promise<Found>;
}

/** Units whose figures only report: a time, and whatever is a ratio of times, says as much about the machine as about Baton. */
const timeUnits: ReadonlySet<string> = new Set(["ms", "s", "per_s", "times"]);

/** Whether falling short of the goal makes the bench fail. */
export function isDecisive(figure: Figure): boolean {
  return figure.goal !== null && !timeUnits.has(figure.unit);
}

/** Makes a figure of samples (median and p95) or of one value; the floor alike. */
export function makeFigure(given: {
  id: string;
  values: readonly number[] | number;
  unit: string;
  goal?: string | null;
  floor?: readonly number[] | number | null;
  n?: number;
  /** Instead of value over floor, where both are what is left of larger times: a quotient of two rests says nothing. */
  ratio?: Ratio;
}): Figure {
  const samples = listOf(given.values);
  const floors = listOf(given.floor ?? []);
  const value = round(quantile(samples, 0.5));
  const goal = given.goal ?? null;
  return {
    id: given.id,
    value,
    p95: typeof given.values === "number" ? null : round(quantile(samples, 0.95)),
    unit: given.unit,
    n: given.n ?? samples.length,
    floor: floors.length === 0 ? null : round(quantile(floors, 0.5)),
    goal,
    holds: goal === null || meets(value, goal),
    ...(floors.length > 0 && samples.length > 0 ? { ratio: given.ratio ?? ratioOf(samples, floors) } : {}),
  };
}

/** Makes a figure that is the ratio of the medians of two sets of times; it only reports. */
export function makeRatio(given: {
  id: string;
  of: readonly number[];
  to: readonly number[];
  goal?: string | null;
}): Figure {
  const ratio = ratioOf(given.of, given.to);
  const figure = makeFigure({ id: given.id, values: ratio.value, unit: "times", goal: given.goal ?? null });
  return { ...figure, n: given.of.length, ratio };
}

const listOf = (given: readonly number[] | number): readonly number[] => (typeof given === "number" ? [given] : given);

function meets(value: number, goal: string): boolean {
  const found = /^(<=|>=|=)\s*(-?[\d.]+)$/.exec(goal);
  if (!found) throw new Error(`a goal is like "<=30", found "${goal}"`);
  const bound = Number(found[2]);
  if (found[1] === "<=") return value <= bound;
  return found[1] === ">=" ? value >= bound : value === bound;
}

function round(value: number): number {
  return Math.abs(value) >= 1_000 ? Math.round(value) : Math.round(value * 1_000) / 1_000;
}
