import picomatch from "picomatch";
import type { Criterion } from "../domain/contract.ts";

/** Whether a criterion expects to touch this path, and says so by more than a pattern for everything. */
export function namedPaths(criteria: readonly Criterion[]): (path: string) => boolean {
  const globs = criteria.flatMap((c) => c.touch).filter((glob) => !/^[*{[(!?]/.test(glob));
  return globs.length > 0 ? picomatch(globs, { dot: true }) : () => false;
}
