import { describe, expect, test } from "vitest";
import { Contract } from "../../src/domain/contract.ts";
import { restoreDefinitions } from "../../src/evaluator/definitions.ts";

type Files = Record<string, string>;

function contractOf(oracles: object[], allowed: string[] = []): Contract {
  return Contract.parse({
    v: 1,
    request_sha256: "",
    base_sha: "",
    summary: "",
    assumptions: [],
    out_of_scope: [],
    baseline: [],
    criteria: oracles.map((oracle, i) => ({ id: `C${i + 1}`, text: "abc", oracle })),
    allowed_test_changes: allowed.map((path) => ({ path, reason: "asked for" })),
  });
}

async function restored(
  base: Files,
  head: Files,
  oracles: object[] = [{ type: "command", run: "npm test" }],
  allowed: string[] = [],
) {
  const read = (files: Files) => async (path: string) => files[path] ?? null;
  const { overlay, findings } = await restoreDefinitions({
    contract: contractOf(oracles, allowed),
    changed: [...new Set([...Object.keys(base), ...Object.keys(head)])].filter((path) => base[path] !== head[path]),
    base: read(base),
    head: read(head),
  });
  return {
    overlay: Object.fromEntries(overlay),
    blockers: findings.filter((f) => f.severity === "blocker").map((f) => f.file),
    findings,
  };
}

const manifest = (scripts: object, more: object = {}) =>
  `${JSON.stringify({ name: "a", scripts, ...more }, null, 2)}\n`;

describe("the base's definition of every oracle", () => {
  test("scripts come back, dependencies stay the head's", async () => {
    const { overlay, blockers } = await restored(
      { "package.json": manifest({ test: "vitest run" }) },
      { "package.json": manifest({ test: "true" }, { dependencies: { zod: "4" } }) },
    );
    expect(JSON.parse(overlay["package.json"]!)).toEqual({
      name: "a",
      scripts: { test: "vitest run" },
      dependencies: { zod: "4" },
    });
    expect(blockers).toEqual(["package.json"]);
  });

  test.each([
    ["a script that runs before the tests", { test: "t", pretest: "node cheat.js" }, {}],
    ["a script that runs at installation", { test: "t", prepare: "node cheat.js" }, {}],
    ["a removed script", {}, {}],
    ["the runner's settings in the manifest", { test: "t" }, { jest: { testPathIgnorePatterns: ["sum"] } }],
    ["coverage thresholds in the manifest", { test: "t" }, { c8: { lines: 10 } }],
  ])("%s is put right and told", async (_name, scripts, more) => {
    const { overlay, blockers } = await restored(
      { "package.json": manifest({ test: "t" }) },
      { "package.json": manifest(scripts, more) },
    );
    expect(JSON.parse(overlay["package.json"]!)).toEqual({ name: "a", scripts: { test: "t" } });
    expect(blockers).toEqual(["package.json"]);
  });

  test("a new script that nothing runs by itself may be added", async () => {
    const { overlay, blockers, findings } = await restored(
      { "package.json": manifest({ test: "t" }) },
      { "package.json": manifest({ test: "t", demo: "node demo.js" }) },
    );
    expect([overlay, blockers, findings.length]).toEqual([{}, [], 1]);
  });

  test("a dependency alone is no difference", async () => {
    expect(
      (
        await restored(
          { "package.json": manifest({ test: "t" }) },
          { "package.json": manifest({ test: "t" }, { dependencies: { a: "1" } }) },
        )
      ).findings,
    ).toEqual([]);
  });

  test.each([
    "vitest.config.ts",
    "jest.config.js",
    ".mocharc.yml",
    "pytest.ini",
    ".nycrc.json",
    "eslint.config.js",
    "biome.json",
    "packages/a/vitest.config.mts",
    "test/conftest.py",
    "Makefile",
    "sitecustomize.py",
  ])("%s is the base's", async (path) => {
    expect(await restored({ [path]: "was\n" }, { [path]: "is\n" })).toMatchObject({
      overlay: { [path]: "was\n" },
      blockers: [path],
    });
    expect(await restored({ [path]: "was\n" }, {})).toMatchObject({ overlay: { [path]: "was\n" }, blockers: [path] });
    expect(await restored({ [path]: "was\n" }, { [path]: "is\n" }, undefined, [path])).toMatchObject({
      overlay: {},
      blockers: [],
    });
  });

  test("a configuration that the base does not have is left out", async () => {
    expect(await restored({}, { "vitest.config.ts": "export default { test: { exclude: ['**'] } };" })).toMatchObject({
      overlay: { "vitest.config.ts": null },
      blockers: ["vitest.config.ts"],
    });
    expect(
      await restored({}, { "conftest.py": "def pytest_collection_modifyitems(items):\n    items.clear()\n" }),
    ).toMatchObject({ overlay: { "conftest.py": null } });
    expect(
      await restored({}, { "conftest.py": "import pytest\n@pytest.fixture\ndef db():\n    return {}\n" }),
    ).toMatchObject({ overlay: {}, blockers: [] });
  });

  test("what a configuration imports or names as set-up is the base's too", async () => {
    const base = {
      "vitest.config.ts":
        'import { shared } from "./config/shared";\nexport default { test: { setupFiles: ["./test/setup.ts"], alias: ["./src/index.ts"] } };',
      "config/shared.ts": "1",
      "test/setup.ts": "1",
      "src/index.ts": "1",
    };
    const head = { ...base, "config/shared.ts": "2", "test/setup.ts": "2", "src/index.ts": "2" };
    expect((await restored(base, head)).blockers.sort()).toEqual(["config/shared.ts", "test/setup.ts"]);
  });

  test("a script that an oracle calls, directly or through npm, is the base's", async () => {
    const base = {
      "package.json": manifest({ test: "npm run check", check: "bash scripts/check.sh" }),
      "scripts/check.sh": "exit 1",
      "ci/run.sh": "exit 1",
      "scripts/other.sh": "x",
    };
    const head = { ...base, "scripts/check.sh": "exit 0", "ci/run.sh": "exit 0", "scripts/other.sh": "y" };
    expect(
      (
        await restored(base, head, [
          { type: "command", run: "npm test" },
          { type: "command", run: "./ci/run.sh" },
        ])
      ).blockers.sort(),
    ).toEqual(["ci/run.sh", "scripts/check.sh"]);
  });

  test.each([
    ["cd packages/a && npm test"],
    ["cd '/workspace/packages/a' || exit; npm test"],
    ["npm --prefix packages/a test"],
    ["npm test --workspace=packages/a"],
  ])("so it is in the folder that the oracle enters: %s", async (run) => {
    const base = {
      "packages/a/package.json": manifest({ test: "bash scripts/check.sh" }),
      "packages/a/scripts/check.sh": "exit 1",
      "scripts/check.sh": "x",
    };
    const head = { ...base, "packages/a/scripts/check.sh": "exit 0" };
    expect((await restored(base, head, [{ type: "command", run }])).blockers).toEqual(["packages/a/scripts/check.sh"]);
  });

  test("so are the files that a makefile includes", async () => {
    const base = {
      Makefile: "include rules/common.mk\n-include local.mk\ntest:\n\t$(RUN)\n",
      "rules/common.mk": "RUN = x\n",
    };
    const head = { ...base, "rules/common.mk": "RUN = true\n" };
    expect((await restored(base, head, [{ type: "command", run: "make test" }])).blockers).toEqual(["rules/common.mk"]);
  });

  test("sections that steer checks come back, the rest of the file stays", async () => {
    const base = '[project]\nname = "a"\n\n[tool.pytest.ini_options]\naddopts = "-ra"\n\n[tool.mypy]\nstrict = true\n';
    const head =
      '[project]\nname = "a"\ndependencies = ["x"]\n\n[tool.pytest.ini_options]\naddopts = "--ignore=tests"\n\n[tool.coverage.run]\nomit = ["a.py"]\n';
    const { overlay, blockers } = await restored({ "pyproject.toml": base }, { "pyproject.toml": head });
    expect(overlay["pyproject.toml"]).toBe(
      '[project]\nname = "a"\ndependencies = ["x"]\n\n[tool.pytest.ini_options]\naddopts = "-ra"\n\n\n[tool.mypy]\nstrict = true\n',
    );
    expect(blockers).toEqual(["pyproject.toml"]);
    expect(
      (await restored({ "pyproject.toml": base }, { "pyproject.toml": base.replace('"a"', '"b"') })).findings,
    ).toEqual([]);
  });

  test("a make target may be added but not replaced", async () => {
    const base = "test:\n\tpytest\n";
    expect(
      (await restored({ Makefile: base }, { Makefile: `${base}\n.PHONY: docs\ndocs:\n\tmkdocs\n` })).findings,
    ).toEqual([]);
    for (const head of [
      `${base}\ntest:\n\ttrue\n`,
      `${base}\nSHELL = /bin/true\n`,
      `${base}\n%:\n\ttrue\n`,
      `${base}\ninclude x.mk\n`,
      "test:\n\ttrue\n",
    ])
      expect((await restored({ Makefile: base }, { Makefile: head })).overlay).toEqual({ Makefile: base });
  });

  test("a test that an oracle names is the base's, unless the worker was to write it", async () => {
    const oracle = { type: "test", run: "x", path: "test/a.test.js" };
    expect(await restored({ "test/a.test.js": "was" }, { "test/a.test.js": "is" }, [oracle])).toMatchObject({
      overlay: { "test/a.test.js": "was" },
    });
    expect(await restored({ "test/b.test.js": "was" }, { "test/b.test.js": "is" }, [oracle])).toMatchObject({
      overlay: {},
    });
  });
});
