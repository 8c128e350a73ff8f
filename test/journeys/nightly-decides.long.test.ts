import { describe, expect, it } from "vitest";
import type { State } from "../../src/domain/state.ts";
import type { Verdict } from "../../src/domain/verdict.ts";
import { playbookText, runRecord, startNights } from "../helpers/night-world.ts";

const tidy = "maintenance-tidy-20261120";
const tidyRun = `${tidy} [schedule-20261120T000000000Z] by nobody`;
const passed = (state: State): State => ({
  ...state,
  verdict: {
    ...{ v: 1, outcome: "pass", tree: "t", base_sha: state.base.sha, contract_sha256: "c", criteria: [], findings: [] },
    ...{ evidence: [], judged_by: null, restart: null, tests_counted_by: "file" },
  } satisfies Verdict,
});
const ended =
  (stop: State["runs"][number]["stop_reason"], at = "2026-11-19T02:30:00Z") =>
  (state: State): State => ({ ...state, runs: [runRecord(at, stop)] });

describe("a night", () => {
  it("starts a playbook that is due, once, however often the schedule fires", async () => {
    await using nights = await startNights({});
    expect((await nights.night()).summary).toContain(`${tidy}: [run]`);
    // Doubled while the run is queued, after its runner was lost before it claimed anything, and after it ended.
    await nights.night();
    nights.endRun(tidyRun);
    const found = await nights.night();
    expect(found.deeds.map(({ kind }) => kind)).toEqual(["found"]);
    nights.seed(tidy, ended("already_satisfied", "2026-11-20T02:40:00Z"));
    const again = await nights.night();
    expect(again.summary).toContain("Nothing to do.");
    expect(nights.runs()).toEqual([tidyRun]);
  });

  it("leaves a playbook that is not due, and makes a skipped night up once", async () => {
    await using nights = await startNights({ playbooks: { tidy: playbookText("tidy", "schedule: weekly:wednesday") } });
    nights.seed("maintenance-tidy-20261118", ended("skipped", "2026-11-18T02:30:00Z"));
    const quiet = await nights.night();
    expect(quiet.summary).toContain("ran on 2026-11-18, next on 2026-11-25");
    expect(nights.runs()).toEqual([]);
    // GitHub dropped Wednesday's schedule; Friday's night finds that it did not run.
    nights.at("2026-11-27T02:23:00Z");
    await nights.night();
    expect(nights.runs()).toEqual(["maintenance-tidy-20261127 [schedule-20261127T000000000Z] by nobody"]);
    nights.seed("maintenance-tidy-20261127", ended("skipped", "2026-11-27T02:30:00Z"));
    nights.at("2026-11-28T02:23:00Z");
    await nights.night();
    expect(nights.runs()).toHaveLength(1);
  });

  it("opens no second pull request, and refreshes the open one only when its base has moved", async () => {
    await using nights = await startNights({});
    const key = "maintenance-tidy-20261119";
    const number = await nights.openPull(key, passed);
    expect((await nights.night()).summary).toContain(
      `pull request #${number} of ${key} is open: it waits for a person`,
    );
    expect(nights.runs()).toEqual([]);
    await nights.github.commit(nights.repo, { files: { "b.txt": "b\n" }, message: "meanwhile", as: "mona" });
    const moved = await nights.night();
    expect(moved.summary).toContain("its base has moved");
    await nights.night();
    expect(nights.runs()).toEqual([`${key} [schedule-20261120T000000000Z] by nobody`]);
  });

  it("goes on with an unfinished session under the key of its last run, and with a dead one after saying so", async () => {
    await using nights = await startNights({ policy: "maintenance: { playbooks: [] }\n" });
    const issue = await nights.github.as("mona").openIssue("acme/app", { title: "Fix it" });
    const mona = nights.github.addUser("mona");
    const asked = (state: State): State => ({
      ...state,
      requester: { id: mona.id, login: "mona" },
      request: { ...state.request, number: issue },
    });
    nights.seed(`issue-${issue}`, (state) => asked(ended(null)(state)));
    nights.seed("task-0123abcd", ended("max_budget"));
    const night = await nights.night();
    expect(night.problems).toEqual([]);
    expect(nights.runs().map((title) => title.split(" ")[0])).toEqual([`issue-${issue}`, "task-0123abcd"]);
    await nights.night();
    for (const title of nights.runs()) nights.endRun(title);
    await nights.night();
    expect(nights.runs()).toHaveLength(2);
    const { body } = await nights.github.as("mona").request("GET", `/repos/acme/app/issues/${issue}/comments`);
    expect(body).toHaveLength(1);
    expect(body[0].body).toContain("A new run goes on from the last checkpoint.");
  });

  it("says once that a session is dead when nothing may go on, and touches nothing the next night", async () => {
    await using nights = await startNights({ policy: "auto_continue: false\n" });
    const issue = await nights.github.as("mona").openIssue("acme/app", { title: "Fix it" });
    nights.seed(`issue-${issue}`, ended(null));
    expect((await nights.night()).summary).toContain(`issue-${issue}: reported`);
    const before = nights.effects();
    nights.at("2026-11-21T02:23:00Z");
    expect((await nights.night()).summary).toContain("Nothing to do.");
    expect(nights.effects()).toBe(before);
    expect(nights.runs()).toEqual([]);
  });

  it("starts nothing that the day's ledger cannot cover, and says so", async () => {
    await using nights = await startNights({});
    const entry = {
      v: 1,
      kind: "reserved",
      id: "a/1/1",
      session: "issue-9",
      run: "1/1",
      person: "mona",
      usd_micro: 46e6,
    };
    await nights.github.commit(nights.repo, {
      ...{ branch: "ledger", files: { "ledger.jsonl": `${JSON.stringify(entry)}\n` }, message: "ledger", as: "mona" },
    });
    nights.git("update-ref", "refs/baton-ledger/2026-11-20", "refs/heads/ledger");
    const night = await nights.night();
    expect(nights.runs()).toEqual([]);
    expect(night.summary).toContain("limits.day leaves $4.00 and the run may need $5.00");
    expect(night.summary).toContain("Nothing to do.");
  });

  it("names a broken playbook with its line, and starts the others", async () => {
    await using nights = await startNights({
      playbooks: { broken: playbookText("broken", "schedule: sometimes"), tidy: playbookText("tidy") },
    });
    const night = await nights.night();
    expect(nights.runs()).toEqual([tidyRun]);
    expect(night.problems.join("\n")).toMatch(/maintenance\/broken\.md:4: `schedule` is `"sometimes"`/);
    expect(night.summary).toContain("Needs a person");
  });

  it("writes nothing anywhere when there is nothing to do", async () => {
    await using nights = await startNights({ policy: "maintenance: { playbooks: [] }\n" });
    const before = nights.effects();
    const night = await nights.night();
    expect(night.summary).toContain("Nothing to do.");
    expect(nights.effects()).toBe(before);
  });

  it("prunes the ref of a merged session after retain_days, never before the merge, and keeps what tells the due date", async () => {
    await using nights = await startNights({
      policy: "retain_days: 10\nmaintenance: { playbooks: [tidy] }\n",
      playbooks: { tidy: playbookText("tidy", "schedule: monthly:2") },
    });
    await nights.openPull("task-0123abcd");
    const merged = await nights.openPull("maintenance-tidy-20261002");
    nights.seed("maintenance-tidy-20261102", ended("already_satisfied", "2026-11-02T02:30:00Z"));
    await nights.github.as("mona").merge("acme/app", merged);
    nights.at("2026-11-29T02:23:00Z");
    expect((await nights.night()).summary).toContain("kept until 2026-11-30");
    expect(nights.refs()).toHaveLength(3);
    nights.at("2026-11-30T02:23:00Z");
    await nights.night();
    await nights.night();
    expect(nights.refs()).toEqual(["refs/baton/maintenance-tidy-20261102", "refs/baton/task-0123abcd"]);
  });

  it("prunes day ledgers after retain_days, and no ref that it does not know", async () => {
    await using nights = await startNights({ policy: "retain_days: 20\nmaintenance: { playbooks: [] }\n" });
    const days = ["2026-10-01", "2026-10-30", "2026-10-31", "2026-11-20", "of-mine"];
    for (const day of days) nights.git("update-ref", `refs/baton-ledger/${day}`, "main");
    expect((await nights.night({ dryRun: true })).summary).not.toContain("ledgers");
    expect((await nights.night()).summary).toContain("day ledgers pruned: 2, from 2026-10-01");
    expect((await nights.night()).summary).toContain("Nothing to do.");
    const left = nights.git("for-each-ref", "--format=%(refname)", "refs/baton-ledger").trim().split("\n");
    expect(left).toEqual(days.slice(2).map((day) => `refs/baton-ledger/${day}`));
  });

  it("sees, continues and prunes a session whose checkpoints went to the fallback branch", async () => {
    await using nights = await startNights({ policy: "retain_days: 10\nmaintenance: { playbooks: [] }\n" });
    for (const [key, end] of [
      ["task-0123abcd", ended("max_turns", "2026-11-19T22:00:00Z")],
      ["task-4567abcd", ended("already_satisfied", "2026-11-01T22:00:00Z")],
    ] as const) {
      nights.seed(key, end);
      nights.git("update-ref", `refs/heads/baton-session/${key}`, `refs/baton/${key}`);
      nights.git("update-ref", "-d", `refs/baton/${key}`);
    }
    const { summary } = await nights.night();
    expect(nights.runs().map((title) => title.split(" ")[0])).toEqual(["task-0123abcd"]);
    expect(summary).toContain("task-4567abcd: session ref pruned");
    const left = nights.git("for-each-ref", "--format=%(refname)", "refs/heads/baton-session").trim();
    expect(left).toBe("refs/heads/baton-session/task-0123abcd");
  });

  it("keeps one digest issue and edits it once a week", async () => {
    await using nights = await startNights({ policy: "maintenance: { playbooks: [] }\n" });
    nights.at("2026-11-23T02:23:00Z");
    nights.seed("task-0123abcd", (state) => passed(ended("done", "2026-11-18T02:30:00Z")(state)));
    expect((await nights.night()).summary).toContain("created for 2026-11-16 to 2026-11-22");
    expect((await nights.night()).summary).toContain("Nothing to do.");
    nights.at("2026-12-01T02:23:00Z");
    expect((await nights.night()).summary).toContain("edited for 2026-11-23 to 2026-11-29");
    const { body } = await nights.github.as("mona").request("GET", "/repos/acme/app/issues?state=all");
    expect(body).toHaveLength(1);
    expect(body[0].title).toBe("Baton: weekly digest");
  });

  it("only says what it would do in a dry run", async () => {
    await using nights = await startNights({});
    const before = nights.effects();
    expect((await nights.night({ dryRun: true })).summary).toContain(`would dispatch: ${tidy}`);
    expect(nights.effects()).toBe(before);
  });

  it("stops at a policy that cannot be read, with file and line", async () => {
    await using nights = await startNights({ policy: "limits: { dya: { usd: 3 } }\n" });
    await expect(nights.night()).rejects.toThrow(/\.github\/baton\.yml:1: unknown key `limits\.dya`/);
    expect(nights.runs()).toEqual([]);
  });
});
