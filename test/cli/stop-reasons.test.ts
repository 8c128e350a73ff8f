import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderStopReasons, stopReasonsPath } from "../../scripts/write-stop-reasons.ts";
import { stopReasons } from "../../src/domain/stop-reason.ts";

describe("docs/stop-reasons.md", () => {
  it("is what the table says; `node scripts/write-stop-reasons.ts` writes it", () => {
    expect(readFileSync(join(import.meta.dirname, "../..", stopReasonsPath), "utf8")).toBe(renderStopReasons());
  });

  it("would differ after any change of the table", () => {
    const changed = { ...stopReasons, done: { ...stopReasons.done, exitCode: 1 } };
    expect(renderStopReasons(changed)).not.toBe(renderStopReasons());
  });
});
