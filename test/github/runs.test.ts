import { expect, test } from "vitest";
import { countRuns, type WorkflowRun } from "../../src/github/runs.ts";

const day = "2026-11-20";
const wendy = { id: 7, login: "wendy" };
const who = { actorId: 7, session: "issue-1" };
let id = 0;

function run(part: Partial<WorkflowRun>): WorkflowRun {
  id += 1;
  const common = { run_attempt: 1, html_url: "", path: "", head_branch: null, created_at: `${day}T10:00:00Z` };
  const own = { id, event: "issue_comment", status: "completed", conclusion: "success", display_title: "issue-1" };
  return { ...common, ...own, actor: wendy, ...part };
}
const dispatch = (key: string, part: Partial<WorkflowRun> = {}) =>
  run({ event: "workflow_dispatch", display_title: `issue-1 [${key}] by 7`, actor: { id: 1, login: "b" }, ...part });
const counted = (...runs: WorkflowRun[]) => {
  const { person, session } = countRuns(runs, day, who);
  return { person, session };
};

test("a command that starts a run of its event and a dispatch of the App counts once", () => {
  expect(counted(run({}), dispatch("comment-1"), run({}), dispatch("comment-2"))).toEqual({ person: 2, session: 2 });
});

test("without the App each event's run counts, and without the workflow's events each dispatch", () => {
  expect(counted(run({}), run({}))).toEqual({ person: 2, session: 2 });
  expect(counted(dispatch("label-1"), dispatch("comment-1"))).toEqual({ person: 2, session: 2 });
});

test("continuations come on top", () => {
  const hops = [dispatch("hop-issue-1-1-x"), dispatch("hop-issue-1-2-x")];
  expect(counted(run({}), dispatch("comment-1"), ...hops)).toEqual({ person: 3, session: 3 });
});

test("two sessions do not cover for each other, and others' runs, other days and skipped ones do not count", () => {
  const elsewhere = run({ display_title: "issue-2" });
  const runs = [elsewhere, dispatch("comment-1"), run({ actor: { id: 9, login: "x" }, display_title: "issue-3" })];
  expect(counted(...runs)).toEqual({ person: 2, session: 1 });
  expect(counted(run({ conclusion: "skipped" }), run({ created_at: "2026-11-19T10:00:00Z" }))).toEqual({
    person: 0,
    session: 0,
  });
});
