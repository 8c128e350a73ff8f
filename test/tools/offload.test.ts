import { describe, expect, test } from "vitest";
import { cutToFit, tidyOutput } from "../../src/tools/offload.ts";

describe("output as it is worth reading", () => {
  test.each([
    ["colours go", "\u001B[31mred\u001B[0m \u001B[1;32mgreen\u001B[m", "red green"],
    ["titles and links go", "\u001B]0;title\u0007text \u001B]8;;http://x\u001B\\link\u001B]8;;\u001B\\", "text link"],
    ["a progress bar keeps its last state", "10%\r20%\r100%\ndone\n", "100%\ndone\n"],
    ["CRLF is a line end", "a\r\nb\r\n", "a\nb\n"],
    ["repeated lines are folded", "x\nsame\nsame\nsame\nsame\ny", "x\nsame (×4)\ny"],
    ["two equal lines stay", "a\na\nb", "a\na\nb"],
    ["tabs stay, other controls go", "a\tb\u0007c\u0000", "a\tbc"],
    ["a lone surrogate is replaced", "a\uD800b", "a\uFFFDb"],
    ["a long line is cut", "y".repeat(3_000), `${"y".repeat(1_000)}… [+2000 chars]`],
  ])("%s", (_title, raw, wanted) => expect(tidyOutput(raw)).toBe(wanted));

  test("up to 12,000 characters stay whole", () => {
    const text = Array.from({ length: 800 }, (_, index) => `line ${index}`).join("\n");
    expect(cutToFit(text, () => "never")).toEqual({ text, cut: false });
  });

  test("more is cut on line boundaries, 40 % from the beginning and 60 % from the end", () => {
    const text = Array.from({ length: 3_000 }, (_, index) => `line ${index}`).join("\n");
    const inline = cutToFit(text, (shown, total) => `[${shown} of ${total}]`);
    const [head = "", tail = ""] = inline.text.split(/\n\[\d+ of 3000\]\n/);
    expect(inline.cut).toBe(true);
    expect(head.length / (head.length + tail.length)).toBeCloseTo(0.4, 1);
    expect(head.split("\n").at(-1)).toMatch(/^line \d+$/);
    expect(tail.split("\n")[0]).toMatch(/^line \d+$/);
    expect(tail.endsWith("line 2999")).toBe(true);
    expect(inline.text.length).toBeLessThan(4_100);
  });

  test("ten megabytes of escapes are read in time that is linear", () => {
    expect(tidyOutput("\u001B[".repeat(200_000)).length).toBeLessThan(2_000);
    expect(tidyOutput("\u001B]0;".repeat(20_000)).length).toBeLessThan(2_000);
  });
});
