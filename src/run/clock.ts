/** Share of a run's time that is kept for winding down and publishing, and its bounds in ms. */
const windDownShare = 0.05;
const windDownMin = 20_000;
const windDownMax = 300_000;

/** The run's time on the monotonic clock, so that a jump of the wall clock changes no cap. */
export interface RunClock {
  elapsedMs(): number;
  /** Milliseconds left for model and tools; 0 when only winding down is left. */
  remainingMs(): number;
}

/** Starts the clock of a run with this cap in ms. */
export function createClock(capMs: number): RunClock {
  const start = performance.now();
  const reserve = Math.min(windDownMax, Math.max(Math.min(windDownMin, capMs / 4), capMs * windDownShare));
  const elapsedMs = (): number => Math.round(performance.now() - start);
  return { elapsedMs, remainingMs: () => Math.max(0, Math.round(capMs - reserve - elapsedMs())) };
}
