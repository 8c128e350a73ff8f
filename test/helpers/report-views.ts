import { Contract, contractSha256 } from "../../src/domain/contract.ts";
import { noSpend, type Spend } from "../../src/domain/limits.ts";
import { State } from "../../src/domain/state.ts";
import type { StopReason } from "../../src/domain/stop-reason.ts";
import { Verdict } from "../../src/domain/verdict.ts";
import { type ReportFacts, type ReportView, readReportView } from "../../src/evaluator/report-view.ts";

const base = "4f1c2a9b7d3e5f60718293a4b5c6d7e8f9012345";
const tree = "9be21f0c4d5a6b7c8d9e0f1a2b3c4d5e6f708192";

const contract = Contract.parse({
  v: 1,
  request_sha256: "5".repeat(64),
  base_sha: base,
  summary: "slugify keeps German letters",
  criteria: [
    {
      id: "C1",
      text: "slugify('Größe') is 'groesse'",
      oracle: {
        type: "test",
        run: "npx vitest run test/contract/umlaut.test.js",
        path: "test/contract/umlaut.test.js",
      },
      files: [{ path: "test/contract/umlaut.test.js", content: "…" }],
    },
    {
      id: "C2",
      text: "The command line prints the same",
      oracle: { type: "command", run: "node bin/slug.js 'Größe'", expect: { exit: 0, stdout_match: "^groesse$" } },
    },
    {
      id: "C3",
      text: "The worker's test covers capital letters",
      worker_written: true,
      oracle: { type: "test", run: "npx vitest run test/umlaut.test.js", path: "test/umlaut.test.js" },
    },
    {
      id: "C4",
      text: "The README says which letters are replaced",
      kind: "docs",
      oracle: { type: "rubric", rubric: "The README names every letter that is replaced." },
    },
    {
      id: "P1",
      text: "The repository's own check passes: npm test",
      kind: "regression",
      oracle: { type: "command", run: "npm test" },
    },
  ],
  assumptions: ["ß becomes ss, as in Swiss spelling."],
  out_of_scope: ["Letters of other languages."],
  allowed_test_changes: [
    { path: "test/old.test.js", reason: "It demands 'grosse' for 'Größe', which the request contradicts." },
  ],
  baseline: [
    {
      criterion: "C1",
      outcome: "fail",
      exit: 1,
      detail: "exit 1, expected 0\nAssertionError: expected 'gr-e' to be 'groesse'",
    },
    { criterion: "C2", outcome: "fail", exit: 0, detail: "the output does not match /^groesse$/" },
    {
      criterion: "C3",
      outcome: "not_run",
      exit: null,
      detail: "the worker's test must be red on the base at evaluation",
    },
    { criterion: "C4", outcome: "not_run", exit: null, detail: "a rubric is judged at evaluation" },
    { criterion: "P1", outcome: "pass", exit: 0, detail: "passes on the base" },
  ],
  amendments: [{ text: "Please keep `--lower` working, too.", actor: "mona", comment_id: 77 }],
});

function evidence(id: string, criterion: string, command: string, more: object = {}) {
  return {
    id,
    criterion,
    kind: "oracle",
    command,
    outcome: "pass",
    exit: 0,
    attempts: [0],
    duration_ms: 1_840,
    tree,
    output_sha256: "a".repeat(64),
    tail: "ok",
    ...more,
  };
}

const passing = Verdict.parse({
  v: 1,
  outcome: "pass",
  tree,
  base_sha: base,
  contract_sha256: contractSha256(contract),
  criteria: ["C1", "C2", "C3", "C4", "P1"].map((id, i) => ({
    id,
    verdict: "pass",
    evidence: [`E${i + 1}`],
    reason: "shown",
    decided_by: id === "C4" ? "judge" : "oracle",
  })),
  findings: [
    {
      rule: "policy/dependency",
      severity: "advisory",
      file: "package.json",
      line: null,
      text: "New or changed dependencies: left-pad@^1.3.0",
    },
  ],
  evidence: [
    evidence("E1", "C1", "npx vitest run test/contract/umlaut.test.js"),
    evidence("E2", "C2", "node bin/slug.js 'Größe'"),
    evidence("E3", "C3", "npx vitest run test/umlaut.test.js"),
    { ...evidence("E4", "C4", "git diff --stat base..tree"), criterion: null, kind: "policy" },
    evidence("E5", "P1", "npm test", { duration_ms: 64_200, outcome: "pass" }),
  ],
  judged_by: "claude-opus-5-5",
  restart: null,
  tests_counted_by: "spec",
});

const failing = Verdict.parse({
  ...passing,
  outcome: "fail",
  judged_by: null,
  criteria: passing.criteria.map((c) =>
    c.id === "C2"
      ? { ...c, verdict: "fail", reason: "the output does not match /^groesse$/" }
      : c.id === "C4"
        ? {
            ...c,
            verdict: "unverifiable",
            evidence: [],
            reason: "not judged: the oracles had already refused the work",
          }
        : c,
  ),
  findings: [
    {
      rule: "ratchet/test-lost",
      severity: "blocker",
      file: "test/slug.test.js",
      line: null,
      text: "Tests that are gone (1): `keeps digits`",
    },
    {
      rule: "ratchet/flaky",
      severity: "advisory",
      file: null,
      line: null,
      text: "P1: failed and passed on the same tree (exits 1, 0).",
    },
  ],
  evidence: passing.evidence.map((e) =>
    e.id === "E2"
      ? { ...e, outcome: "fail", exit: 0, attempts: [0, 0, 0], tail: "gr-sse\n" }
      : e.id === "E5"
        ? {
            ...e,
            outcome: "flaky",
            exit: 1,
            attempts: [1, 0],
            tail: "FAIL test/clock.test.js\n```\n@mona fixes #1 <b>\n",
          }
        : e,
  ),
});

/** A state in the middle of its life, for reports. */
export function reportState(reason: StopReason | null, more: Partial<State> = {}): State {
  const spend = (turns: number, usd_micro: number): Spend => ({ ...noSpend, turns, usd_micro });
  const run = {
    run_id: "1",
    run_attempt: 1,
    run_url: null,
    trigger: "label" as const,
    actor: "mona",
    spend: noSpend,
    limits: { turns: 200, usd_micro: 5_000_000, ms: 1 },
  };
  return State.parse({
    v: 1,
    session: "issue-12",
    generation: 1,
    branch: "baton/issue-12",
    base: { ref: "main", sha: base },
    request: { number: 12, title: "slugify loses umlauts", body: "…", sha256: "5".repeat(64), url: null },
    requester: { id: 1, login: "mona" },
    contract,
    contract_sha256: contractSha256(contract),
    contract_refusals: { count: 0, reasons: [] },
    resets: 0,
    criteria: contract.criteria.map(({ id }) => ({ id, status: "open" })),
    unjudged: null,
    verdict: null,
    already_satisfied: null,
    questions: [],
    feedback: null,
    rounds: 1,
    restarts: 0,
    contexts: 4,
    open_context: null,
    handoff: null,
    steering: [],
    comment_cursor: 0,
    spend: {
      total: spend(61, 1_382_400),
      by_role: {
        initializer: spend(9, 210_000),
        worker: spend(44, 920_400),
        evaluator: spend(8, 252_000),
        harness: noSpend,
      },
      open_reservation: null,
    },
    allowance_usd_micro: 0,
    runs: [
      {
        ...run,
        epoch: 1,
        started_at: "2026-11-20T22:00:00Z",
        ended_at: "2026-11-20T22:31:00Z",
        stop_reason: "max_turns",
      },
      {
        ...run,
        epoch: 2,
        started_at: "2026-11-21T05:00:00Z",
        ended_at: reason ? "2026-11-21T05:12:30Z" : null,
        stop_reason: reason,
      },
    ],
    runs_without_progress: 0,
    work_head: null,
    checkpoint: null,
    published: {},
    open_intents: {},
    warnings: [],
    journal: { seq: 1, sha256: "" },
    ...more,
  });
}

/** Facts of a run with all walls up. */
export function reportFacts(more: Partial<ReportFacts> = {}): ReportFacts {
  return {
    nowMs: Date.parse("2026-11-21T05:13:00Z"),
    verdict: null,
    walls: "bubblewrap as an unprivileged user with control groups, no network",
    weaker: [],
    notes: [],
    baseMoved: 3,
    runUrl: "https://github.example/o/r/actions/runs/2",
    traceUrl: null,
    fullReportUrl: null,
    head: null,
    baseline: [],
    blockedHosts: [],
    renewals: [],
    ...more,
  };
}

const head = (of: string, author = "baton[bot]") => ({
  commit: "c0ffee1234567890c0ffee1234567890c0ffee12",
  tree: of,
  author,
});

/** One view for each way in which a session can stand. */
export const reportViews: Record<string, ReportView> = {
  pass: readReportView(reportState("done"), reportFacts({ verdict: passing, head: head(tree) })),
  fail: readReportView(
    reportState("rejected", { rounds: 3 }),
    reportFacts({
      verdict: failing,
      head: head(tree),
      weaker: ["no control groups: memory is limited for each process, not for all together"],
    }),
  ),
  partial: readReportView(
    reportState("max_budget"),
    reportFacts({ verdict: { ...failing, findings: [] }, head: head(tree) }),
  ),
  unverified: readReportView(
    reportState("max_budget"),
    reportFacts({
      verdict: {
        ...passing,
        outcome: "unverified",
        judged_by: null,
        criteria: passing.criteria.map((c) =>
          c.id === "C4"
            ? { ...c, verdict: "unverifiable", evidence: [], reason: "not judged: the budget is used up" }
            : c,
        ),
      },
      head: head(tree),
    }),
  ),
  "already-satisfied": readReportView(
    reportState("already_satisfied", {
      contract: null,
      contract_sha256: null,
      criteria: [],
      already_satisfied: "slugify('Größe') gives 'groesse' since 2.1.0.",
    }),
    reportFacts({
      baseline: [
        {
          ...{ criterion: "C1", outcome: "pass", exit: 0, known_failures: [] },
          detail: "slugify('Größe') is 'groesse'\nnpx vitest run test/contract/umlaut.test.js | tail -1",
        },
      ],
    }),
  ),
  blocked: readReportView(
    reportState("blocked", {
      questions: ["Should ß become ss or sz? The README says ss, the test says sz."],
      contract: null,
      contract_sha256: null,
      criteria: [],
    }),
    reportFacts(),
  ),
  stale: readReportView(reportState("done"), reportFacts({ verdict: passing, head: head("0".repeat(40), "octocat") })),
  working: readReportView(
    reportState(null, { criteria: contract.criteria.map(({ id }, i) => ({ id, status: i < 2 ? "claimed" : "open" })) }),
    reportFacts(),
  ),
  ended: readReportView(reportState("max_turns"), reportFacts()),
};
