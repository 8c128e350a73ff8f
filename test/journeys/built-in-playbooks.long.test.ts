import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { honestEvaluator } from "../../src/local/model/honest-evaluator.ts";
import type { Script } from "../../src/local/model/script.ts";
import { requestText, type Step, scriptByRole, sequence } from "../../src/local/model/script-helpers.ts";
import { startJourney } from "../helpers/journey.ts";
import { quiet } from "../helpers/journey-view.ts";

const packageJson = `${JSON.stringify(
  {
    name: "greeter",
    version: "1.0.0",
    private: true,
    type: "module",
    scripts: { test: "node test/flags.js && node test/collect.js" },
    dependencies: { minimist: "^1.2.5" },
  },
  null,
  2,
)}\n`;
const lock = `${JSON.stringify(
  {
    name: "greeter",
    version: "1.0.0",
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": { name: "greeter", version: "1.0.0", dependencies: { minimist: "^1.2.5" } },
      "node_modules/minimist": {
        version: "1.2.5",
        resolved: "https://registry.npmjs.org/minimist/-/minimist-1.2.5.tgz",
        integrity: "sha512-FM9nNUYrRBAELZQT3xeZQ7fmMOBg6nWNmJKTcgsJeaLstP/UODVpGsr5OhXhhXg6f+qtJ8uiZ+PUxkDWcgIXLw==",
      },
    },
  },
  null,
  2,
)}\n`;
const unordered = `export async function collect(tasks) {
  const results = [];
  await Promise.all(tasks.map(async (task) => results.push(await task())));
  return results;
}
`;
const ordered = `export async function collect(tasks) {
  return await Promise.all(tasks.map((task) => task()));
}
`;
const files = {
  "package.json": packageJson,
  "package-lock.json": lock,
  ".gitignore": "node_modules/\n",
  "greet.js": "export const greet = (name) => `Hello, ${name}!`;\n",
  "collect.js": unordered,
  "README.md":
    '# greeter\n\n```js\nimport { greet } from "./greet.js";\nconsole.log(greet("Ada")); // Hello Ada\n```\n',
  "test/flags.js":
    'import assert from "node:assert/strict";\nimport minimist from "minimist";\nassert.equal(minimist(["--a", "1"]).a, 1);\nconsole.log("ok 1 - flags are read\\n1..1");\n',
  "test/collect.js":
    'import assert from "node:assert/strict";\nimport { collect } from "../collect.js";\nconst later = (n) => () => new Promise((resolve) => setTimeout(resolve, Math.random() * 4, n));\nassert.deepEqual(await collect([later(1), later(2), later(3)]), [1, 2, 3]);\nconsole.log("ok 1 - results are in order\\n1..1");\n',
  ".github/baton.yml": `setup: [npm ci --ignore-scripts]
network: [npm]
oracles: [node test/flags.js]
maintenance: { playbooks: [dependency-updates, flaky-tests, readme-examples], max_open_pull_requests: 5 }
`,
};

const call = (name: string, input: unknown): Step => ({ toolCalls: [{ name, input }] });
const bash = (command: string): Step => call("bash", { command, timeout_s: 120 });
const carried = (path: string, content: string) => [{ path, content }];

/** What a capable model would do for each playbook: its contract, and its work. */
const parts: Record<string, { contract: unknown; work: Step[] }> = {
  "dependency-updates": {
    contract: {
      verdict: "work",
      summary: "minimist is the newest patch, without its advisory",
      criteria: [
        {
          id: "C1",
          text: "manifest and lockfile agree on a minimist without the prototype pollution",
          oracle: { type: "command", run: "node check-lock.mjs" },
          files: carried(
            "check-lock.mjs",
            'import assert from "node:assert";\nimport { readFileSync } from "node:fs";\nconst { packages } = JSON.parse(readFileSync("package-lock.json"));\nassert(Number(packages["node_modules/minimist"].version.split(".")[2]) >= 6);\nassert.equal(packages[""].dependencies.minimist, JSON.parse(readFileSync("package.json")).dependencies.minimist);\n',
          ),
        },
        {
          id: "C2",
          text: "the tests pass against the updated packages",
          kind: "regression",
          oracle: {
            type: "command",
            run: "rm -rf node_modules && cp -a ~/updated/node_modules . && node test/flags.js",
          },
        },
      ],
    },
    work: [
      bash("cat ~/outdated.json"),
      bash("cp ~/updated/package.json ~/updated/package-lock.json . && git diff --stat"),
    ],
  },
  "flaky-tests": {
    contract: {
      verdict: "work",
      summary: "collect keeps the order of its tasks",
      criteria: [
        {
          id: "C1",
          text: "the test of collect passes thirty times in a row",
          oracle: {
            type: "command",
            run: "for i in $(seq 30); do node test/collect.js || exit 1; done",
            timeout_s: 120,
          },
        },
        {
          id: "C2",
          text: "the other test passes as before",
          kind: "regression",
          oracle: { type: "command", run: "node test/flags.js" },
        },
      ],
    },
    work: [
      call("read", { path: "collect.js" }),
      bash("for i in $(seq 10); do node test/collect.js >/dev/null 2>&1; echo $?; done | sort | uniq -c"),
      call("write", { path: "collect.js", content: ordered }),
    ],
  },
  "readme-examples": {
    contract: {
      verdict: "work",
      summary: "the README's example prints what it says",
      criteria: [
        {
          id: "C1",
          text: "the example prints what its comment says",
          oracle: { type: "command", run: "node run-example.mjs" },
          files: carried(
            "run-example.mjs",
            'import assert from "node:assert";\nimport { readFileSync } from "node:fs";\nimport { greet } from "./greet.js";\nassert.equal(/\\/\\/ (.*)/.exec(readFileSync("README.md", "utf8"))[1], greet("Ada"));\n',
          ),
        },
      ],
    },
    work: [call("edit", { path: "README.md", old: "// Hello Ada", new: "// Hello, Ada!" })],
  },
};

const openings: Record<string, string> = {
  "Bring this repository's dependencies up to date": "dependency-updates",
  "Find tests of this repository that pass and fail": "flaky-tests",
  "Run every code example and every command of the README": "readme-examples",
};

const casts = Object.fromEntries(
  Object.entries(parts).map(([name, { contract, work }]) => [
    name,
    scriptByRole({
      initializer: sequence([bash("ls"), call("contract", contract)], { key: `initializer of ${name}` }),
      worker: sequence([...work, call("finish", { summary: "done" })], {
        key: `worker of ${name}`,
        after: call("finish", { summary: "done" }),
      }),
      evaluator: honestEvaluator(),
    }),
  ]),
);

const script: Script = (request, memory) => {
  const text = requestText(request);
  const found = Object.keys(openings).find((opening) => text.includes(opening));
  if (!found) throw new Error("the request names no playbook");
  return casts[openings[found]!]!(request, memory);
};

const certificates = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    /^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE)$/.test(name) && value ? [[name, value]] : [],
  ),
);

describe("the playbooks that Baton brings along, on a small repository with a real dependency", () => {
  it("update it, mend a flaky test and correct the README, each in a verified pull request of its own", async () => {
    const started = Date.now();
    let midnight = Date.parse("2026-06-01T02:23:00Z"); // a Monday, and the first of a month
    await using journey = await startJourney({
      script,
      files,
      withApp: false,
      // Behind a proxy that signs for the registry, this machine's own certificates are what set-up trusts.
      world: { now: () => midnight + Date.now() - started, runner: { hostEnv: certificates } },
    });
    const { world } = journey;
    await world.fireSchedule();
    await quiet(journey);
    midnight += 2 * 86_400_000; // the Wednesday
    await world.fireSchedule();
    await quiet(journey);

    const git = (...args: string[]): string =>
      execFileSync("git", ["--git-dir", world.repo.gitDir, ...args], { encoding: "utf8" });
    const { body: pulls } = await world.as("mona").request("GET", "/repos/acme/app/pulls");
    const changed = Object.fromEntries(
      (pulls as { head: { ref: string }; draft: boolean }[]).map(({ head, draft }) => [
        `${head.ref.replace(/-\d{8}$/, "")}${draft ? " (draft)" : ""}`,
        git("diff", "--name-only", "main", `refs/heads/${head.ref}`).trim().split("\n"),
      ]),
    );
    expect(changed).toEqual({
      "baton/maintenance-dependency-updates": ["package-lock.json", "package.json"],
      "baton/maintenance-flaky-tests": ["collect.js"],
      "baton/maintenance-readme-examples": ["README.md"],
    });
    const counts = await world.snapshotCounts();
    expect(counts.checkRuns).toEqual(["baton: success", "baton: success", "baton: success"]);
    expect(world.model?.problems()).toEqual([]);
  }, 600_000);
});
