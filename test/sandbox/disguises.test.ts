import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createFinder, encodings } from "../../bench/hands/encodings.ts";

const secret = `cnry${randomBytes(22).toString("hex")}`;
const find = createFinder(new Map([["it", secret]]));

describe("a secret in disguise is found by the witness of the traitor", () => {
  test.each(encodings.map(({ name, filter }) => [name, filter] as const))("%s", (_name, filter) => {
    const out = execFileSync("bash", ["-c", `printf '%s' "$1" | { ${filter}; }`, "sh", `before ${secret} after`], {
      encoding: "latin1",
    });
    expect(find(`noise ${out} noise`)).toEqual(["it"]);
    const other = `before cnry${randomBytes(22).toString("hex")} after`;
    expect(
      find(execFileSync("bash", ["-c", `printf '%s' "$1" | { ${filter}; }`, "sh", other], { encoding: "latin1" })),
    ).toEqual([]);
  });
});
