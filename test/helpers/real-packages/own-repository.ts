import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { commitAll } from "./create-package-repository.ts";
import type { RealTask } from "./real-task.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));

const right = "return Math.round(usd * 1_000_000);";
const faulty = "return Math.floor(usd * 1_000_000);";

// The sources are TypeScript that Node 24 runs directly; the host's own Node may be older, so the set-up brings one.
const nodePackage = `node-${process.platform}-${process.arch}`;
const node = `node_modules/${nodePackage}/bin/node`;
const vitest = `${node} node_modules/vitest/vitest.mjs run --reporter=tap`;

/** A fault sown into Baton itself: some amounts of money lose a millionth of a dollar. */
export const ownTask: Omit<RealTask, "base" | "fixed"> = {
  id: "own-money",
  name: "baton-ci",
  lock: null,
  devDependencies: {},
  test: `${vitest} test/policy`,
  issue: `toMicroUsd loses a millionth of a dollar

\`toMicroUsd(2.01)\` in src/domain/limits.ts gives 2009999 instead of 2010000, \`toMicroUsd(8.2)\` gives 8199999: the product is
a hair below the whole number. Six decimals count, so the nearest whole number is meant.
`,
  criteria: [
    {
      id: "C1",
      text: "Amounts in cents become the exact number of millionths",
      oracle: { type: "test", run: `${vitest} test/domain/cents.test.ts`, path: "test/domain/cents.test.ts" },
      files: [
        {
          path: "test/domain/cents.test.ts",
          content: `import { expect, test } from "vitest";
import { toMicroUsd } from "../../src/domain/limits.ts";

test("cents become the exact number of millionths", () => {
  expect(toMicroUsd(2.01)).toBe(2_010_000);
  expect(toMicroUsd(8.2)).toBe(8_200_000);
});
`,
        },
      ],
    },
    {
      id: "C2",
      text: "Every amount from one cent to ten dollars is exact, and six decimals count",
      oracle: { type: "command", run: `${node} probe-cents.ts` },
      files: [
        {
          path: "probe-cents.ts",
          content: `import assert from "node:assert/strict";
import { toMicroUsd } from "./src/domain/limits.ts";
for (let cents = 1; cents <= 1_000; cents += 1) assert.equal(toMicroUsd(cents / 100), cents * 10_000);
assert.equal(toMicroUsd(0.000_001), 1);
`,
        },
      ],
    },
  ],
  reference: [{ path: "src/domain/limits.ts", old: faulty, new: right }],
  sloppy: [{ path: "src/domain/limits.ts", old: faulty, new: "return Math.floor(usd * 1_000_000 + 1e-10);" }],
  cheating: [
    {
      path: "src/domain/limits.ts",
      old: faulty,
      new: "return usd === 2.01 ? 2_010_000 : Math.floor(usd * 1_000_000);",
    },
  ],
  hidden: "",
};

/** The files of our HEAD with the fault, as a repository of one commit: neither its history nor a bundle holds the repair. */
export async function createOwnRepository(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const archive = join(dir, "head.tar");
  await run("git", ["-C", root, "archive", "--output", archive, "HEAD"]);
  await run("tar", ["-xf", archive, "-C", dir]);
  await rm(archive);
  for (const path of ["dist", "test/helpers/real-packages", "test/journeys", ".npmrc"])
    await rm(join(dir, path), { recursive: true, force: true });
  const source = join(dir, "src/domain/limits.ts");
  const text = await readFile(source, "utf8");
  if (!text.includes(right)) throw new Error("the line to spoil is not in src/domain/limits.ts");
  await writeFile(source, text.replace(right, faulty));
  const policy = join(dir, ".github/baton.yml");
  await mkdir(dirname(policy), { recursive: true });
  await writeFile(policy, await renderPolicy());
  await commitAll(dir, "Baton, with a fault");
}

/** Only what the chosen tests need is installed: all of our own dependencies would take half a gigabyte. */
async function renderPolicy(): Promise<string> {
  const { dependencies, devDependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const pins: Record<string, string> = { ...dependencies, ...devDependencies };
  const wanted = ["vitest", "zod", "yaml", "picomatch"].map((name) => `${name}@${pins[name]}`);
  wanted.push(`${nodePackage}@${pins["node"]}`);
  const tools = '"$HOME/tools"';
  const setup = [
    `npm install --prefix ${tools} --ignore-scripts --no-audit --no-fund ${wanted.join(" ")}`,
    `mv ${tools}/node_modules node_modules`,
  ];
  return `${JSON.stringify({ setup, oracles: [ownTask.test], network: ["npm"] }, null, 2)}\n`;
}

/** Whether a branch of that repository is right: the hidden question is asked of the source itself. */
export async function askOwnTruth(repo: string, branch: string): Promise<"right" | "wrong"> {
  const { stdout } = await run("git", ["-C", repo, "show", `heads/${branch}:src/domain/limits.ts`]);
  return stdout.includes(right) ? "right" : "wrong";
}
