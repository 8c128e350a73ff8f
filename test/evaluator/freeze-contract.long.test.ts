import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ContractDraft } from "../../src/domain/contract.ts";
import { checkDraft } from "../../src/evaluator/check-draft.ts";
import { type Files, noWalls, openTestWorld, type TestWorld } from "../helpers/evaluator-world.ts";
import { freezeOn, frozen, honestWork, sumDraft, sumRepository } from "../helpers/sum-repository.ts";

const command = (id: string, run: string, more: object = {}) => ({
  id,
  text: `${id} holds`,
  oracle: { type: "command", run, timeout_s: 30 },
  ...more,
});
const draftOf = (...criteria: object[]) => ContractDraft.parse({ criteria });
const one = (more: object) => draftOf({ id: "C1", text: "sum of nothing is 0", ...more });

describe("the rules of a draft", () => {
  const facts = {
    basePaths: new Set(["src/sum.js", "test/sum.test.js"]),
    isProtected: (path: string) => path.startsWith(".github/"),
  };
  const oracle = { type: "command", run: "x" };
  const test_ = (path: string) => ({ type: "test", run: "x", path });
  test.each<[string, ContractDraft, RegExp]>([
    ["no criteria", draftOf(), /No criteria/],
    ["16 criteria", draftOf(...Array.from({ length: 16 }, (_, i) => command(`C${i + 1}`, "x"))), /16 criteria/],
    ["an id twice", draftOf(command("C1", "x"), command("C1", "y")), /twice: C1/],
    ["an id of the policy", draftOf(command("P1", "x")), /P1, P2/],
    [
      "two rubrics of five",
      draftOf(
        ...["C1", "C2"].map((id) => ({ id, text: "abc", oracle: { type: "rubric", rubric: "reads well enough" } })),
        command("C3", "x"),
        command("C4", "x"),
        command("C5", "x"),
      ),
      /at most 30 %/,
    ],
    ["a rubric alone", one({ oracle: { type: "rubric", rubric: "reads well enough" } }), /at most 30 %/],
    ["nothing that is a must", one({ oracle, must: false }), /must/],
    ["an expectation of nothing", one({ oracle: { ...oracle, expect: {} } }), /expects nothing/],
    [
      "a number without bounds",
      one({ oracle: { ...oracle, expect: { number: { pattern: "(\\d+)" } } } }),
      /without min, max or target/,
    ],
    ["exit 127 as success", one({ oracle: { ...oracle, expect: { exit: 127 } } }), /cannot be run/],
    ["a pattern that is none", one({ oracle: { ...oracle, expect: { stdout_match: "(" } } }), /not valid/],
    [
      "an http oracle that expects nothing",
      one({ oracle: { type: "http", start: "x", url: "http://127.0.0.1:8080/", expect: {} } }),
      /expects nothing/,
    ],
    ["a test from nowhere", one({ oracle: test_("test/new.test.js") }), /neither exists on the base nor is carried/],
    [
      "a test outside the tree",
      one({ oracle: test_("../x.test.js"), worker_written: true }),
      /not a plain relative path/,
    ],
    ["worker_written without a test", one({ oracle, worker_written: true }), /only for an oracle of type test/],
    [
      "worker_written with carried files",
      one({ oracle: test_("test/n.test.js"), worker_written: true, files: [{ path: "test/n.test.js", content: "" }] }),
      /choose one/,
    ],
    [
      "more than 64 KiB carried",
      one({
        oracle,
        files: [
          { path: "a", content: "x".repeat(40_000) },
          { path: "b", content: "x".repeat(40_000) },
        ],
      }),
      /80000 bytes/,
    ],
    [
      "a carried file under a protected path",
      one({ oracle, files: [{ path: ".github/x.yml", content: "" }] }),
      /protected/,
    ],
    [
      "a carried file over the product",
      one({ oracle, files: [{ path: "src/sum.js", content: "" }] }),
      /exists on the base/,
    ],
    ["a carried file in .git", one({ oracle, files: [{ path: "a/.git/config", content: "" }] }), /git directory/],
    [
      "a carried file in node_modules",
      one({ oracle, files: [{ path: "node_modules/x/index.js", content: "" }] }),
      /node_modules/,
    ],
    ["a carried file in .baton", one({ oracle, files: [{ path: ".baton/x", content: "" }] }), /\.baton/],
    [
      "two files at one path",
      draftOf(
        command("C1", "x", { files: [{ path: "a", content: "1" }] }),
        command("C2", "x", { files: [{ path: "a", content: "2" }] }),
      ),
      /different files at a/,
    ],
    [
      "an allowed change of a test that is not there",
      ContractDraft.parse({
        criteria: [command("C1", "x")],
        allowed_test_changes: [{ path: "test/no.js", reason: "because" }],
      }),
      /does not exist on the base/,
    ],
  ])("%s is refused with what to do", (_name, draft, reason) => {
    expect(checkDraft(draft, facts).join("\n")).toMatch(reason);
  });

  test("three of ten may be rubrics", () => {
    const rubrics = ["C1", "C2", "C3"].map((id) => ({
      id,
      text: "abc",
      oracle: { type: "rubric", rubric: "reads well enough" },
    }));
    expect(
      checkDraft(draftOf(...rubrics, ...Array.from({ length: 7 }, (_, i) => command(`C${i + 4}`, "x"))), facts),
    ).toEqual([]);
  });
});

describe.skipIf(noWalls)(`freezing on a base${noWalls ? ` (${noWalls})` : ""}`, { timeout: 400_000 }, () => {
  let world: TestWorld;
  beforeAll(async () => {
    world = await openTestWorld();
  });
  afterAll(() => world.close());
  const freeze = async (draft: ContractDraft, files: Files = sumRepository, oracles: string[] = []) =>
    (await freezeOn(world, files, draft, oracles)).freezing;

  test("a draft that fails for the stated reason is frozen with its base outcomes and the policy's oracles", async () => {
    const { contract, sha256, warnings } = frozen(await freeze(sumDraft(), sumRepository, ["npm test --silent"]));
    expect(contract.criteria.map((c) => c.id)).toEqual(["C1", "C2", "C3", "P1"]);
    expect(contract.baseline.map((b) => b.outcome)).toEqual(["fail", "fail", "pass", "pass"]);
    expect(contract.baseline[0]!.known_failures).toEqual(["sum of nothing is 0"]);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(warnings).toEqual([]);
  });

  test("a base that already does it is already satisfied", async () => {
    const draft = sumDraft();
    expect(await freeze(draft, { ...sumRepository, ...honestWork })).toMatchObject({
      kind: "already_satisfied",
      summary: "sum([]) is 0",
    });
    expect(await freeze(sumDraft({ verdict: "already_satisfied" }))).toMatchObject({
      kind: "refused",
      reasons: [expect.stringContaining("C1 fails on the base"), expect.stringContaining("C2")],
    });
  });

  test("a vacuous criterion is refused by name, a guard is not", async () => {
    const fails = command("C1", `node -e 'process.exit(1)'`);
    const refused = await freeze(draftOf(fails, command("C2", "true")));
    expect(refused).toMatchObject({ kind: "refused", reasons: [expect.stringMatching(/^C2 is vacuous/)] });
    expect((await freeze(draftOf(fails, command("C2", "true", { kind: "regression" })))).kind).toBe("frozen");
    expect(await freeze(draftOf(command("C1", "true", { kind: "regression" })))).toMatchObject({
      kind: "refused",
      reasons: [expect.stringContaining("No criterion fails")],
    });
    expect(await freeze(draftOf(fails, command("C2", "false", { kind: "regression" })))).toMatchObject({
      kind: "refused",
      reasons: [expect.stringContaining("regression guard but fails")],
    });
  });

  test.each<[string, object]>([
    ["a command that is not found", { oracle: { type: "command", run: "no-such-tool --check" } }],
    ["a file that is not found", { oracle: { type: "command", run: "cat data/input.txt" } }],
    ["a script that is missing", { oracle: { type: "command", run: "npm run typecheck" } }],
    ["a module that is missing", { oracle: { type: "command", run: "node -e 'require(\"./src/other.cjs\")'" } }],
    ["a syntax error of its own", { oracle: { type: "command", run: "node -e 'if ('" } }],
    ["a syntax error of the shell", { oracle: { type: "command", run: "if true; then" } }],
    [
      "a carried test with a syntax error",
      {
        oracle: { type: "test", run: "node --test test/x.test.js", path: "test/x.test.js" },
        files: [{ path: "test/x.test.js", content: "const = 1;\n" }],
      },
    ],
    [
      "a carried test that imports what is not there",
      {
        oracle: { type: "test", run: "node --test test/x.test.js", path: "test/x.test.js" },
        files: [{ path: "test/x.test.js", content: 'import "../src/total.js";\n' }],
      },
    ],
    [
      "a test command that names another file",
      {
        oracle: { type: "test", run: "node --test test/y.test.js", path: "test/x.test.js" },
        files: [{ path: "test/x.test.js", content: "" }],
      },
    ],
    ["a timeout that is not the fault", { oracle: { type: "command", run: "sleep 20", timeout_s: 1 } }],
  ])("%s is no failure for the stated reason", async (_name, more) => {
    expect(await freeze(one(more))).toMatchObject({
      kind: "refused",
      reasons: [expect.stringMatching(/^C1 /)],
      baseline: [{ outcome: "error" }],
    });
  });

  test.each<[string, object]>([
    [
      "a missing export",
      {
        oracle: { type: "test", run: "node --test test/x.test.js", path: "test/x.test.js" },
        files: [{ path: "test/x.test.js", content: 'import { total } from "../src/sum.js";\ntotal();\n' }],
      },
    ],
    [
      "a module that the text says is to be made",
      {
        text: "src/total.js exports total",
        oracle: { type: "test", run: "node --test test/x.test.js", path: "test/x.test.js" },
        files: [{ path: "test/x.test.js", content: 'import "../src/total.js";\n' }],
      },
    ],
    [
      "a script that the text asks for",
      { text: "npm run typecheck exists", oracle: { type: "command", run: "npm run typecheck --silent" } },
    ],
    ["a file that does not exist yet", { oracle: { type: "file", path: "docs/sum.md", match: "empty" } }],
    [
      "a hang that is the fault",
      { text: "it does not hang", oracle: { type: "command", run: "sleep 20", timeout_s: 1 } },
    ],
    [
      "a number out of bounds",
      {
        oracle: {
          type: "command",
          run: "echo coverage 71.5 %",
          expect: { number: { pattern: "coverage ([\\d.]+)", min: 80 } },
        },
      },
    ],
    [
      "a server that answers otherwise",
      {
        oracle: {
          type: "http",
          start: `node -e 'require("http").createServer((q, r) => { r.statusCode = 500; r.end("no") }).listen(8081, "127.0.0.1")'`,
          url: "http://127.0.0.1:8081/x",
          expect: { status: 422 },
          timeout_s: 20,
        },
      },
    ],
  ])("%s is a baseline", async (_name, more) => {
    expect(await freeze(one(more))).toMatchObject({ kind: "frozen", baseline: [{ outcome: "fail" }] });
  });

  test("a server that already answers rightly is seen to", async () => {
    const start = `node -e 'require("http").createServer((q, r) => { let b = ""; q.on("data", (d) => b += d); q.on("end", () => { r.statusCode = 422; r.end(q.method + q.url + b) }) }).listen(8082, "127.0.0.1")'`;
    const http = {
      type: "http",
      start,
      url: "http://localhost:8082/a?b=1",
      method: "POST",
      body: '{"n":1}',
      expect: { status: 422, body_match: '^POST/a\\?b=1\\{"n":1\\}$' },
      timeout_s: 20,
    };
    expect(await freeze(one({ oracle: http }))).toMatchObject({ kind: "already_satisfied" });
  });

  test("questions stop the freezing, and unclear without a question is refused", async () => {
    expect(await freeze(sumDraft({ verdict: "unclear", questions: ["0 or an error?"] }))).toEqual({
      kind: "unclear",
      questions: ["0 or an error?"],
    });
    expect(await freeze(sumDraft({ verdict: "unclear" }))).toMatchObject({ kind: "refused" });
  });

  test("failures of the base are recorded test by test for the policy's oracles", async () => {
    const red = sumRepository["test/sum.test.js"]!.replace("-3)", "-2)");
    const result = frozen(
      await freeze(draftOf(command("C1", "node -e 'process.exit(3)'")), { ...sumRepository, "test/sum.test.js": red }, [
        "npm test --silent",
        "no-such-linter",
      ]),
    );
    expect(result.baseline[1]).toMatchObject({
      criterion: "P1",
      outcome: "fail",
      known_failures: ["adds negative numbers"],
    });
    expect(result.baseline[2]).toMatchObject({ criterion: "P2", outcome: "error" });
    expect(result.warnings.join("\n")).toMatch(
      /only 1 criterion[\s\S]*P2 cannot be run[\s\S]*P1 fails on the base: 1 known/,
    );
  });
});
