import { dirname, join } from "node:path/posix";
import type { Contract } from "../domain/contract.ts";
import type { Finding } from "../domain/verdict.ts";
import { restoreSections } from "./config-sections.ts";
import { isGuard } from "./freeze-contract.ts";
import { onlyAddsTargets } from "./makefile.ts";
import { namedPaths } from "./named-paths.ts";
import { restoreManifest, scriptsOf } from "./package-scripts.ts";
import { isTestFile } from "./test-files.ts";

/** Text of a path in one tree; null when it is absent. */
export type ReadText = (path: string) => Promise<string | null>;

/** What puts the base's definition of every oracle back into the head's tree, and what was different. */
export interface Definitions {
  /** New text per path; null removes a file that the base does not have. */
  overlay: Map<string, string | null>;
  findings: Finding[];
}

const runnerConfig =
  /(?:^|\/)(?:(?:jest|vitest|ava|karma|playwright|cypress|wdio|web-test-runner|babel|nyc|commitlint|stylelint|eslint|prettier|lint-staged)\.(?:config|conf|workspace|setup)(?:\.[\w-]+)*\.[cm]?[jt]s(?:on)?|vitest\.workspace\.json|jest\.config\.json|\.mocharc(?:\.\w+)?|\.nycrc(?:\.\w+)?|\.c8rc(?:\.\w+)?|\.taprc|\.eslintrc(?:\.\w+)?|\.eslintignore|\.prettierignore|biome\.jsonc?|\.oxlintrc\.json|deno\.jsonc?|pytest\.ini|\.pytest\.ini|\.coveragerc|mypy\.ini|\.mypy\.ini|\.flake8|\.pylintrc|ruff\.toml|\.ruff\.toml|pyrightconfig\.json|noxfile\.py|sitecustomize\.py|usercustomize\.py|\.golangci\.ya?ml|clippy\.toml|\.clippy\.toml|rustfmt\.toml|\.rspec|\.rubocop\.yml|phpunit\.xml(?:\.dist)?|phpstan\.neon(?:\.dist)?|\.env(?:\.test)?|codecov\.yml|\.codecov\.yml|lerna\.json|nx\.json|turbo\.json|\.swcrc|\.babelrc(?:\.\w+)?)$/;
const sectioned = /(?:^|\/)(?:pyproject\.toml|tox\.ini|setup\.cfg)$/;
const makefile = /(?:^|\/)(?:GNUmakefile|[Mm]akefile|[Jj]ustfile|Taskfile\.ya?ml|Rakefile)$/;
const manifest = /(?:^|\/)package\.json$/;
const conftest = /(?:^|\/)conftest\.py$/;

/**
 * Finds every definition of an oracle that the head changed: scripts of package.json, make targets, configuration of
 * runner, coverage and lint with the files that these import, scripts that the oracles call, and tests that oracles
 * name. All are put back as they are on the base; a difference that the contract does not allow by name is a blocker.
 */
export async function restoreDefinitions(input: {
  contract: Contract;
  /** Paths that differ between base and head; both sides of a rename. */
  changed: readonly string[];
  base: ReadText;
  head: ReadText;
}): Promise<Definitions> {
  const { contract, changed, base, head } = input;
  const allowed = new Set(contract.allowed_test_changes.map(({ path }) => path));
  const reached = await reachedFiles(contract, base);
  const named = new Set(
    contract.criteria.flatMap((c) => (c.oracle.type === "test" && !c.worker_written ? [c.oracle.path] : [])),
  );
  const definitions: Definitions = { overlay: new Map(), findings: [] };
  for (const path of new Set(changed)) {
    if (allowed.has(path)) continue;
    const [was, is] = [await base(path), await head(path)];
    if (was === is) continue;
    const change = restore(path, was, is, reached.has(path), named.has(path));
    if (!change) continue;
    if (change.text !== is) definitions.overlay.set(path, change.text);
    if (change.text_of_finding) definitions.findings.push(difference(path, change.severity, change.text_of_finding));
  }
  return definitions;
}

interface Restoration {
  text: string | null;
  severity: Finding["severity"];
  text_of_finding: string;
}

function restore(
  path: string,
  was: string | null,
  is: string | null,
  reached: boolean,
  named: boolean,
): Restoration | null {
  if (manifest.test(path) && was !== null && is !== null) return restorePackage(was, is);
  if (sectioned.test(path) && was !== null && is !== null) {
    const { text, changed } = restoreSections(was, is);
    return changed.length > 0
      ? blocked(text, `Changes how checks are run: ${changed.join(", ")}. The base's sections were used.`)
      : null;
  }
  if (makefile.test(path) && was !== null && is !== null && onlyAddsTargets(was, is)) return null;
  if (conftest.test(path) && was === null && is !== null)
    return /\bpytest_\w+|\bsys\.modules|_?exit\(|builtins|setattr\(/.test(is)
      ? blocked(null, "A new conftest.py steers the test runner. It was left out.")
      : null;
  if (sectioned.test(path) && was === null && is !== null) {
    const { text, changed } = restoreSections("", is);
    return changed.length > 0
      ? blocked(text, `Changes how checks are run: ${changed.join(", ")}. These sections were left out.`)
      : null;
  }
  const defines = runnerConfig.test(path) || reached || conftest.test(path) || makefile.test(path);
  if (defines)
    return was === null
      ? blocked(null, "Configures a check that the base does not configure. It was left out.")
      : blocked(
          was,
          is === null
            ? "A definition of the checks was removed. The base's was used."
            : "Changes how checks are run. The base's version was used.",
        );
  // A test that an oracle names decides a criterion: it is the base's whatever the head made of it.
  return named && was !== null
    ? blocked(was, "A test that decides a criterion was changed. The base's version was used.")
    : null;
}

function restorePackage(was: string, is: string): Restoration | null {
  const restored = restoreManifest(was, is);
  if (!restored) return blocked(was, "The manifest can no longer be read. The base's was used.");
  if (restored.changed.length > 0)
    return blocked(
      restored.text,
      `Changes how checks are run: ${restored.changed.join(", ")}. The base's definitions were used.`,
    );
  return restored.added.length > 0
    ? { text: is, severity: "advisory", text_of_finding: `New scripts: ${restored.added.join(", ")}.` }
    : null;
}

function blocked(text: string | null, text_of_finding: string): Restoration {
  return { text, severity: "blocker", text_of_finding };
}

function difference(file: string, severity: Finding["severity"], text: string): Finding {
  return { rule: "ratchet/definition-changed", severity, file, line: null, text: text.slice(0, 1_000), evidence: [] };
}

/** Files of the base that the oracles reach: scripts that they call, and what runner configurations import. */
async function reachedFiles(contract: Contract, base: ReadText): Promise<Set<string>> {
  const commands = contract.criteria.flatMap((c) => ("run" in c.oracle ? [c.oracle.run] : []));
  const reached = new Set<string>();
  const isProduct = productScripts(contract);
  const queue: string[] = [];
  for (const folder of new Set(["", ...commands.flatMap(foldersEntered)])) {
    const scripts = scriptsOf((await base(join(folder, "package.json"))) ?? "");
    const makefileText = (await base(join(folder, "Makefile"))) ?? "";
    const called = [...commands, ...calledScripts(commands, scripts), makefileText]
      .flatMap(wordsOf)
      .filter((word) => looksLikeTool(word) || (word.endsWith(".sh") && looksLikePath(word) && !isProduct(word)))
      .filter((path) => !isTestFile(path));
    const included = [...makefileText.matchAll(/^[-s]?include[ \t]+(.+)$/gm)].flatMap((match) =>
      match[1]!.split(/\s+/),
    );
    queue.push(...[...called, ...included, ...configNames].map((path) => join(folder, path)));
  }
  while (queue.length > 0 && reached.size < 200) {
    const path = queue.shift()!;
    if (reached.has(path)) continue;
    const text = await base(path);
    if (text === null) continue;
    reached.add(path);
    for (const candidate of importsOf(path, text)) if (!reached.has(candidate)) queue.push(candidate);
  }
  return reached;
}

/** Folders of the repository that a command goes into before it runs something: a monorepo's oracles begin with `cd`. */
function foldersEntered(command: string): string[] {
  return [
    ...command.matchAll(/(?:^|[\s;&|(])(?:cd|--prefix|--workspace|-C|-w)[\s=]+(?:'([^']+)'|"([^"]+)"|([^\s;&|)]+))/g),
  ]
    .map((match) => join((match[1] ?? match[2] ?? match[3]!).replace(/^\/workspace\/?/, "")))
    .filter((folder) => !folder.startsWith("/") && !folder.startsWith("..") && folder !== ".");
}

const configNames = ["jest", "vitest", "vite", "ava", "karma", "playwright", "eslint"]
  .flatMap((tool) => ["js", "cjs", "mjs", "ts", "mts", "json"].map((ext) => `${tool}.config.${ext}`))
  .filter((name) => !name.startsWith("vite.config"))
  .concat([".mocharc.js", ".mocharc.cjs", ".mocharc.json", ".mocharc.yml", ".mocharc.yaml"]);

/** Commands of the scripts that these commands call, with what npm runs around them. */
export function calledScripts(commands: readonly string[], scripts: ReadonlyMap<string, string>): string[] {
  const called: string[] = [];
  const queue = [...commands];
  const seen = new Set<string>();
  while (queue.length > 0) {
    const command = queue.shift()!;
    for (const match of command.matchAll(
      /\b(?:npm|pnpm|yarn|bun|node --run|run-[sp]|npm-run-all)\s+(?:run(?:-script)?\s+|--silent\s+|-s\s+|(?:--prefix|--workspace|--filter|-C|-w)[=\s]+\S+\s+)*([\w:.*-]+)|--run[= ]([\w:.-]+)/g,
    )) {
      const name = match[1] ?? match[2]!;
      for (const around of [`pre${name}`, name === "t" ? "test" : name, `post${name}`]) {
        const script = scripts.get(around);
        if (!script || seen.has(around)) continue;
        seen.add(around);
        called.push(script);
        queue.push(script);
      }
    }
  }
  return called;
}

function looksLikeTool(word: string): boolean {
  return (
    looksLikePath(word) &&
    /(?:^|\/)(?:scripts?|tools?|ci|build|hack|tests?|spec)\/|(?:^|\/)[^/]*(?:test|check|lint|coverage|verify)[^/]*$/i.test(
      word,
    )
  );
}

function looksLikePath(word: string): boolean {
  return /\.[A-Za-z]+$/.test(word) && !word.includes("*") && !word.startsWith("-") && !word.includes("..");
}

/** Scripts that are what the work is about: the criteria expect them to be touched, or a behaviour runs them and is red. */
function productScripts({ criteria }: Contract): (path: string) => boolean {
  const isTouched = namedPaths(criteria);
  const behaviours = criteria.filter((c) => !isGuard(c));
  const called = new Set(behaviours.flatMap(({ oracle }) => ("run" in oracle ? wordsOf(oracle.run) : [])));
  return (path) => isTouched(path) || called.has(path);
}

function wordsOf(command: string): string[] {
  return command.split(/[\s;&|()'"=]+/).map((word) => word.replace(/^\.\//, ""));
}

/** Relative files that a configuration imports, or names as set-up of the runner. */
function importsOf(path: string, text: string): string[] {
  const imported = [...text.matchAll(/(?:\bfrom\s+|\brequire\s*\(\s*|\bimport\s*\(?\s*)["'](\.[^"']+)["']/g)].map(
    (m) => m[1]!,
  );
  const setup = [
    ...text.matchAll(
      /["']?(?:setupFiles|setupFilesAfterEnv|globalSetup|globalTeardown|require|import|file|reporters|testEnvironment|transform|snapshotSerializers|loader|preset|runner|resolver|extends|testRunner|sequencer)["']?\s*:\s*(\[[^\]]*\]|\{[^}]*\}|["'][^"']+["'])/g,
    ),
  ].flatMap((m) => [...m[1]!.matchAll(/["']((?:\.|<rootDir>|[\w-]+\/)[^"']*)["']/g)].map((inner) => inner[1]!));
  return [...imported, ...setup]
    .map((name) => join(dirname(path), name.replace("<rootDir>/", "./")))
    .flatMap((name) =>
      /\.[cm]?[jt]sx?$|\.json$/.test(name)
        ? [name]
        : [name, `${name}.js`, `${name}.ts`, `${name}.mjs`, `${name}.cjs`, `${name}/index.js`, `${name}/index.ts`],
    )
    .filter((name) => !name.startsWith("..") && !manifest.test(name) && !/(?:^|\/)(?:src|lib|app)\//.test(name));
}
