import { contractSha256 } from "../../src/domain/contract.ts";
import { type Event, type EventInput, type EventType, eventSchemas, type Role } from "../../src/domain/event.ts";

/** A journal as `record` would write it: every event parsed by its schema, in order. */
export class JournalFixture {
  readonly events: Event[] = [];
  epoch = 1;

  add<T extends EventType>(type: T, data: EventInput<T>, role: Role = "harness"): void {
    const seq = this.events.length + 1;
    const at = new Date(Date.UTC(2026, 10, 20, 22) + seq * 4_000).toISOString();
    this.events.push({
      v: 1,
      seq,
      at,
      epoch: this.epoch,
      role,
      prev: "0".repeat(64),
      type,
      data: eventSchemas[type].parse(data),
    } as Event);
  }
}

const hash = (n: number): string => n.toString(16).padStart(40, "0");
const usage = (turn: number) => ({
  input: 400,
  output: 180 + (turn % 7) * 40,
  cache_read: 3_000 + (turn % 40) * 1_900,
  cache_write_5m: 900,
  cache_write_1h: 0,
});
const text = (hostile: readonly string[], n: number, plain: string): string =>
  hostile.length === 0 ? plain : `${plain} ${hostile[n % hostile.length]}`;

/** A session with at least `size` events: two runs, resets, retries, a refused verdict and a passed one; `hostile` texts in every field that others write. */
export function sessionOf(size: number, hostile: readonly string[] = []): Event[] {
  const journal = new JournalFixture();
  let n = 0;
  const say = (plain: string): string => text(hostile, n++, plain);
  journal.add("session_started", {
    ...{ session: "issue-12", generation: 1, branch: "baton/issue-12", base_ref: "main", base_sha: hash(1) },
    request: {
      number: 12,
      title: say("The parser drops the last line"),
      body: say("Without a final newline the last line is lost."),
      sha256: "a".repeat(64),
      url: hostile.length > 0 ? "javascript:batonHit()" : "https://github.com/octo/repo/issues/12",
    },
    requester: { id: 1, login: say("maintainer") },
  });
  const criteria = ["C1", "C2", "C3", "C4"].map((id, index) => ({
    ...{
      id,
      text: say(["keeps the last line", "reads an empty file", "keeps line numbers", "documents the change"][index]!),
      kind: "behaviour" as const,
      must: index < 3,
    },
    ...{
      oracle: { type: "command" as const, run: say("npm test"), expect: { exit: 0 }, timeout_s: 300 },
      files: [],
      worker_written: false,
      touch: [],
    },
  }));
  const contract = {
    v: 1 as const,
    request_sha256: "a".repeat(64),
    base_sha: hash(1),
    summary: say("Four criteria."),
    criteria,
    assumptions: [],
    out_of_scope: [],
    allowed_test_changes: [],
    baseline: [],
    amendments: [],
  };
  let turn = 0;
  const context = (id: string, role: Role, criterion: string | null, turns: number): void => {
    journal.add(
      "context_opened",
      {
        context: id,
        role,
        model: "claude-sonnet-5-5",
        criterion,
        system: say("You are the worker."),
        tools: [{ name: "bash" }],
        first_message: say("Begin."),
        prefix_sha256: "b",
      },
      role,
    );
    for (let i = 0; i < turns; i += 1) {
      turn += 1;
      const request = `r${turn}`;
      if (turn % 23 === 0) {
        journal.add(
          "request_failed",
          {
            request: `${request}f`,
            context: id,
            attempt: 1,
            error: say("overloaded_error"),
            status: 529,
            will_retry: true,
            delay_ms: 2_000,
            usage: { input: 0, output: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0 },
            cost_usd_micro: 0,
            estimated: false,
          },
          role,
        );
      }
      const content = [
        { type: "thinking", thinking: say("Let me look.") },
        { type: "text", text: say(`Step ${turn}: I read the file and run the tests.`) },
        { type: "tool_use", id: `u${turn}`, name: "bash", input: {} },
      ];
      journal.add(
        "reply_received",
        {
          request,
          context: id,
          model: "claude-sonnet-5-5",
          content,
          stop_reason: "tool_use",
          usage: usage(turn),
          cost_usd_micro: 4_000 + (turn % 11) * 900,
          duration_ms: 2_400,
        },
        role,
      );
      const call = `${String(turn).padStart(4, "0")}-1`;
      journal.add(
        "tool_started",
        { call, context: id, tool: "bash", input: { command: say("npm test -- --run parser") }, request },
        role,
      );
      journal.add(
        "tool_finished",
        {
          call,
          context: id,
          tool: "bash",
          content: say(`${"ok 1 - a line of output\n".repeat(12)}`),
          is_error: turn % 31 === 0,
          exit: turn % 5 === 0 ? 1 : 0,
          duration_ms: 900,
          output: null,
        },
        role,
      );
      journal.add("turn_ended", { context: id, turn, tree: hash(turn) }, role);
      if (turn % 17 === 0)
        journal.add(
          "message_added",
          { context: id, kind: "nudge", rule: "same_call", text: say("The same call was made three times.") },
          role,
        );
      if (turn % 12 === 0)
        journal.add("checkpoint_pushed", { checkpoint: hash(9_000 + turn), allowance_usd_micro: 500_000, ms: 240 });
      if (turn % 41 === 0)
        journal.add("policy_enforced", {
          action: "restored",
          paths: [say(".github/workflows/ci.yml")],
          reason: say("protected"),
        });
    }
    journal.add(
      "context_closed",
      {
        context: id,
        role,
        end: role === "worker" ? "handoff" : "finished",
        reason: say("planned end"),
        criteria: criterion ? [criterion] : [],
        handoff: null,
      },
      role,
    );
  };
  const run = (epoch: number, body: () => void, stop: "max_budget" | "done"): void => {
    journal.epoch = epoch;
    journal.add("run_claimed", {
      epoch,
      run_id: String(epoch),
      run_attempt: 1,
      run_url: hostile.length > 0 ? "javascript:batonHit()" : `https://github.com/octo/repo/actions/runs/${epoch}`,
      trigger: epoch === 1 ? "label" : "command",
      actor: say("maintainer"),
      identity: "github-actions[bot]",
      limits: { turns: 200, usd_micro: 5_000_000, ms: 18_000_000 },
      written_off_usd_micro: 0,
      hop: 0,
      baton_version: "0.1.0",
      walls: say("bubblewrap"),
    });
    body();
    journal.add("run_ended", { stop_reason: stop, text: say("The run ended."), progress: true });
  };
  const verdict = (outcome: "pass" | "fail", round: number): void => {
    const evidence = [
      {
        id: "E1",
        criterion: "C1",
        kind: "oracle" as const,
        command: say("npm test"),
        outcome,
        exit: outcome === "pass" ? 0 : 1,
        attempts: [1, 1],
        duration_ms: 2_000,
        tree: hash(7),
        output_sha256: "c",
        tail: say("1 failing"),
      },
    ];
    const judged = criteria.map(({ id }, index) => ({
      id,
      verdict: outcome === "pass" || index > 0 ? ("pass" as const) : ("fail" as const),
      evidence: ["E1"],
      reason: say("the oracle says so"),
      decided_by: "oracle" as const,
    }));
    journal.add("verdict_given", {
      round,
      verdict: {
        v: 1,
        outcome,
        tree: hash(7),
        base_sha: hash(1),
        contract_sha256: contractSha256(contract),
        criteria: judged,
        findings:
          outcome === "fail"
            ? [
                {
                  rule: "ratchet/test-lost",
                  severity: "blocker",
                  file: say("test/parser.test.js"),
                  line: 3,
                  text: say("a test is gone"),
                  evidence: ["E1"],
                },
              ]
            : [],
        evidence,
        judged_by: "claude-opus-5-5",
        restart: null,
        tests_counted_by: "tap",
      },
    });
  };
  const turnsNeeded = Math.max(12, Math.ceil((size - 40) / 4.2));
  const share = (part: number): number => Math.max(2, Math.round(turnsNeeded * part));
  run(
    1,
    () => {
      context("i1", "initializer", null, share(0.06));
      journal.add("contract_frozen", { contract, sha256: contractSha256(contract) });
      context("w1", "worker", "C1", share(0.22));
      context("w2", "worker", "C2", share(0.2));
      journal.add("work_finished", { tree: hash(7), summary: say("All done.") });
      context("e1", "evaluator", null, share(0.05));
      verdict("fail", 1);
      journal.add("work_sent_back", { feedback: say("C1 fails."), criteria: ["C1"] });
      context("w3", "worker", "C1", share(0.15));
    },
    "max_budget",
  );
  run(
    2,
    () => {
      journal.add("command_read", {
        comment_id: 77,
        actor: say("maintainer"),
        at: "2026-11-21T06:00:00Z",
        command: { name: "continue", text: say("also handle the empty case"), budget_usd_micro: null, turns: null },
      });
      context("w4", "worker", "C3", share(0.28));
      journal.add("work_committed", {
        commit: hash(8_001),
        tree: hash(7),
        parents: [hash(1)],
        message: say("parser: keep the last line"),
      });
      context("e2", "evaluator", null, share(0.04));
      verdict("pass", 1);
      journal.add("write_done", { key: "pull_request", op: "ensurePullRequest", id: "34" });
      journal.add("warned", { text: say("GITHUB_TOKEN starts no workflows.") });
    },
    "done",
  );
  return journal.events;
}
