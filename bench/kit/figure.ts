/** One measured figure, as `--json` writes it. */
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
}

/** What one part of the bench found, as `--json` writes it. */
export interface PartResult {
  bench: string;
  machine: Machine;
  figures: Figure[];
  /** Lines for people that the figures do not tell: what failed, what was not run. */
  notes: string[];
}

export interface Machine {
  cpu: string;
  cores: number;
  memory_gb: number;
  os: string;
  node: string;
  at: string;
}

export interface PartOptions {
  /** The long version of a part that has one. */
  full: boolean;
  /** Other arguments of the command line, as they came. */
  args: readonly string[];
  say: (line: string) => void;
}

/** A part of the bench: a file in `bench/` exports one as `part`. */
export interface Part {
  name: string;
  /** One line for the list of parts. */
  summary: string;
  run(options: PartOptions): Promise<{ figures: Figure[]; notes?: string[] }>;
}

/** Units whose figures only report: a time, and whatever is a ratio of times, says as much about the machine as about Baton. */
const timeUnits: ReadonlySet<string> = new Set(["ms", "s", "per_s", "times"]);

/** Whether falling short of the goal makes the bench fail. */
export function isDecisive(figure: Figure): boolean {
  return figure.goal !== null && !timeUnits.has(figure.unit);
}

/** Makes a figure of samples (median and p95) or of one value. */
export function makeFigure(given: {
  id: string;
  values: readonly number[] | number;
  unit: string;
  goal?: string | null;
  floor?: number | null;
  n?: number;
}): Figure {
  const samples = typeof given.values === "number" ? [given.values] : given.values;
  const value = round(quantile(samples, 0.5));
  const goal = given.goal ?? null;
  return {
    id: given.id,
    value,
    p95: typeof given.values === "number" ? null : round(quantile(samples, 0.95)),
    unit: given.unit,
    n: given.n ?? samples.length,
    floor: given.floor === undefined || given.floor === null ? null : round(given.floor),
    goal,
    holds: goal === null || meets(value, goal),
  };
}

/** The value below which this share of the samples lies; NaN without samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

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
