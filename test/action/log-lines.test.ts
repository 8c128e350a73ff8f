import { expect, it } from "vitest";
import { logLines } from "../../src/action/log-lines.ts";
import { createLogReader } from "../../src/local/runner/log-commands.ts";
import { createMasks } from "../../src/local/runner/masks.ts";

const hostile = [
  "::error::boo",
  "  \t::error::boo",
  "\u00a0\ufeff::add-mask::a",
  "\u200b::stop-commands::x",
  ":\u200d:error::boo",
  "fine\r::error::boo\n\n ::stop-commands::x",
  "verdict: ##[error]boo",
  "a ##[stop-commands]x",
  "#\u200b##[add-mask]a",
  "#\u00ad#\u200b[error]boo",
];

it.each(hostile)("%j is shown by the runner, not obeyed", (text) => {
  const masks = createMasks();
  const reader = createLogReader(masks);
  // Runners compare by culture: what shows nothing is not there.
  const seen = logLines(text).map((line) => line.replaceAll(/[\u00ad\u200b-\u200f\ufeff]/g, ""));
  for (const line of seen) expect(reader.line(line)).not.toBeNull();
  expect(reader.annotations).toEqual([]);
  expect(masks.apply("a")).toBe("a");
  reader.line("::error::the job's own");
  expect(reader.annotations).toHaveLength(1);
  expect(seen.join(" ")).toMatch(/boo|x$|a$/);
});

it("what is no command is left as it is", () => {
  const text = "worker: c1 on C2\n  bash std::vector in 3 s\n## [x] #[derive(Debug)]\n\tindented";
  expect(logLines(text).join("\n")).toBe(text);
});
