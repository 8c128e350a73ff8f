import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Figure, makeFigure, type Part } from "./kit/figure.ts";
import { readOnly } from "./kit/only.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Figures whose proof is a table or a corpus that the test-suite holds already: what of it does not pass. */
const proofs: Readonly<Record<string, readonly string[]>> = {
  "R5.ambiguous_writes_failed": ["test/github/publish-once.long.test.ts"],
  "R12.full_disk_tests_failed": ["test/session/journal.test.ts"],
  "R13.two_writers_tests_failed": ["test/session/session.long.test.ts", "test/run/fence.test.ts"],
  "R15.old_records_tests_failed": ["test/session/state-file.test.ts"],
  "S2.hidden_channels_failed": ["test/github/visible-text.real.test.ts"],
  "S3.git_execution_tests_failed": ["test/git/execution.test.ts"],
  "S4.walls_tests_failed": ["test/sandbox/walls.long.test.ts"],
  "S5.who_may_start_tests_failed": ["test/triggers/decide-trigger.test.ts"],
  "S6.workflow_tests_failed": ["test/workflows.test.ts"],
  "S8.path_tests_failed": ["test/sandbox/file-paths.test.ts", "test/git/paths.real.test.ts"],
  "S10.dependency_tests_failed": ["test/metadata.test.ts", "test/dist.real.test.ts"],
};

/** Promises that stand or fall with a table of cases, with every cell of those tables. */
export const part: Part = {
  name: "promises",
  summary:
    "tables of cases that the tests hold, with all their cells, and guards taken away one by one (R5, S2 to S7, S10)",
  budget: 120,
  cases: [...new Set([...Object.keys(proofs).map((id) => id.split(".")[0]!), "S7"])],
  async play({ args, say }) {
    const isWanted = readOnly(args);
    const chosen = Object.entries(proofs).filter(([id]) => isWanted(id.split(".")[0]!));
    const played = await playTests(chosen.flatMap(([, files]) => files));
    say("tables of cases played");
    const found = chosen.map(([id, files]) => judge(id, files, played));
    if (isWanted("S7")) found.push(await playTeeth());
    return { figures: found.map(({ figure }) => figure), notes: found.flatMap(({ notes }) => notes.slice(0, 10)) };
  },
};

interface TestFile {
  name: string;
  tests: readonly { fullName: string; status: string }[];
}

interface Judged {
  figure: Figure;
  notes: string[];
}

function judge(id: string, files: readonly string[], played: readonly TestFile[]): Judged {
  const notes: string[] = [];
  let passed = 0;
  for (const file of files) {
    const tests = played.find(({ name }) => name.endsWith(file))?.tests ?? [];
    passed += tests.filter(({ status }) => status === "passed").length;
    // A file that could not even be loaded has no tests, and that is a failure too.
    if (tests.length === 0) notes.push(`${id}: ${file} could not be played`);
    for (const { status, fullName } of tests) if (status !== "passed") notes.push(`${id}: ${status}: ${fullName}`);
  }
  const figure = makeFigure({ id, values: notes.length, unit: "tests", n: passed + notes.length, goal: "=0" });
  return { figure, notes };
}

/** Plays test files with all cells of their tables. */
async function playTests(files: readonly string[]): Promise<TestFile[]> {
  const dir = await mkdtemp(join(tmpdir(), "promises-"));
  try {
    const report = join(dir, "report.json");
    const args = [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--retry=0",
      "--reporter=json",
      `--outputFile=${report}`,
      ...files,
    ];
    await runNode(args, { CI: "true", BATON_FULL: "1", BATON_FUZZ: "2000" });
    const { testResults } = JSON.parse(await readFile(report, "utf8")) as {
      testResults: { name: string; assertionResults: TestFile["tests"] }[];
    };
    return testResults.map(({ name, assertionResults: tests }) => ({ name, tests }));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Guards of the walls, each taken away once: which of them no probe misses. */
async function playTeeth(): Promise<Judged> {
  const said = await runNode(["scripts/teeth-sandbox.ts"], {});
  const lines = said.split("\n").filter((line) => /^(?:GREEN|red) /.test(line));
  const unnoticed = lines.filter((line) => line.startsWith("GREEN"));
  const values = lines.length === 0 ? 1 : unnoticed.length;
  return {
    figure: makeFigure({ id: "S7.guards_unnoticed", values, unit: "guards", n: lines.length, goal: "=0" }),
    notes: lines.length === 0 ? [`the guards could not be played: ${said.slice(-300)}`] : unnoticed,
  };
}

/** What a program says; one that ends with another code has said it too. */
function runNode(args: readonly string[], env: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    const options = { cwd: root, env: { ...process.env, ...env }, maxBuffer: 1 << 28 };
    execFile(process.execPath, args, options, (_error, stdout, stderr) => resolve(`${stdout}\n${stderr}`));
  });
}
