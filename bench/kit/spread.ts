/** A ratio of two medians and the range in which another run on the same machine should find it. */
export interface Ratio {
  value: number;
  /** Lower quarter of the one over upper quarter of the other, and the reverse; null where one value was measured, not samples. */
  low: number | null;
  high: number | null;
}

/** The ratio of the medians, with the spread that the quarters of both sets allow. */
export function ratioOf(of: readonly number[], to: readonly number[]): Ratio {
  const round = (value: number): number => Math.round(value * 1_000) / 1_000;
  const value = round(quantile(of, 0.5) / quantile(to, 0.5));
  if (of.length < 4 && to.length < 4) return { value, low: null, high: null };
  return {
    value,
    low: round(quantile(of, 0.25) / quantile(to, 0.75)),
    high: round(quantile(of, 0.75) / quantile(to, 0.25)),
  };
}

/** Two runs agree on a ratio when the spreads that they state meet; null where neither states one. */
export function decideAgreement(one: Ratio, other: Ratio): boolean | null {
  if (one.low === null && other.low === null) return null;
  const [a, b] = [boundsOf(one), boundsOf(other)];
  return a.low <= b.high && b.low <= a.high;
}

function boundsOf({ value, low, high }: Ratio): { low: number; high: number } {
  return { low: low ?? value, high: high ?? value };
}

/** The value below which this share of the samples lies; NaN without samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
