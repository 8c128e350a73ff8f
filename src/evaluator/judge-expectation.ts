import type { Expectation } from "../domain/contract.ts";
import { safeMatch } from "./safe-match.ts";

/** Whether one run met what its oracle expects, with the first unmet part as the reason. */
export type Met = { kind: "met" } | { kind: "unmet"; reason: string };

/** Compares exit code and output with the expectation; every given part must hold. A signal or a timeout never does. */
export function judgeExpectation(
  expect: Expectation,
  run: { exit: number | null; timedOut: boolean; output: string },
): Met {
  if (run.timedOut) return unmet("timed out");
  if (run.exit === null) return unmet("was killed by a signal");
  if (expect.exit !== undefined && run.exit !== expect.exit) return unmet(`exit ${run.exit}, expected ${expect.exit}`);
  if (expect.stdout_match !== undefined) {
    const found = safeMatch(expect.stdout_match, run.output);
    if (found.kind === "bad_pattern")
      return unmet(`the pattern /${expect.stdout_match}/ cannot be used: ${found.reason}`);
    if (found.kind === "no_match") return unmet(`the output does not match /${expect.stdout_match}/`);
  }
  return expect.number ? judgeNumber(expect.number, run.output) : { kind: "met" };
}

function judgeNumber(bounds: NonNullable<Expectation["number"]>, output: string): Met {
  const found = safeMatch(bounds.pattern, output);
  if (found.kind === "bad_pattern") return unmet(`the pattern /${bounds.pattern}/ cannot be used: ${found.reason}`);
  const text = found.kind === "match" ? found.groups[1] : undefined;
  const value = Number(text?.replace(/,/g, ""));
  if (text === undefined || text.trim() === "" || !Number.isFinite(value))
    return unmet(`no number found by /${bounds.pattern}/`);
  if (bounds.min !== undefined && value < bounds.min) return unmet(`${value} is below ${bounds.min}`);
  if (bounds.max !== undefined && value > bounds.max) return unmet(`${value} is above ${bounds.max}`);
  const tolerance = bounds.tolerance ?? 0;
  if (bounds.target !== undefined && Math.abs(value - bounds.target) > tolerance)
    return unmet(`${value} is not ${bounds.target} ± ${tolerance}`);
  return { kind: "met" };
}

function unmet(reason: string): Met {
  return { kind: "unmet", reason };
}
