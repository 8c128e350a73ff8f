import { renameSync } from "node:fs";
import { expect, test } from "vitest";
import { replay } from "../../src/domain/replay.ts";
import { createRemote, git } from "../git/helpers.ts";
import { claimed, createRunner, recordTurn, startSession } from "./helpers.ts";

const committed = (commit: string) => ({ commit, tree: commit, parents: [], message: "work" });

test("a fresh runner goes on from the last checkpoint, event for event", async () => {
  const remote = createRemote();
  const first = await createRunner(remote);
  expect(first.found).toEqual({ kind: "new" });
  await startSession(first.session, remote.base, 3);
  await recordTurn(first.session, 4, "long ".repeat(5_000));
  await first.session.saveOutput("0001-1", Buffer.from([0, 255, 10]));
  const tree = git(remote.url, "rev-parse", "main^{tree}").trim();
  const outcome = await first.session.checkpoint({ workTree: tree, allowanceUsdMicro: 5_000 });
  expect(outcome).toMatchObject({ kind: "pushed", allowanceUsdMicro: 5_000 });
  expect(first.session.acknowledgedAllowance()).toBe(5_000);
  const second = await createRunner(remote);
  expect(second.found).toMatchObject({
    kind: "restored",
    workTree: tree,
    pushedAllowanceUsdMicro: 5_000,
    problems: [],
  });
  const before = first.session.events().slice(0, -1);
  expect(first.session.events().at(-1)?.type).toBe("checkpoint_pushed");
  expect(second.session.events()).toEqual(before);
  expect(second.session.state()).toEqual(replay(before));
  expect(second.session.contextEvents("c1")).toHaveLength(20);
  const files = git(remote.url, "ls-tree", "-r", "--name-only", "refs/baton/issue-12").trim().split("\n");
  expect(files.filter((path) => path.startsWith("work/"))).toEqual(["work/a.txt", "work/src/b.txt"]);
  expect(files).toContain("session/outputs/0001-1.log");
  await second.session.record("run_claimed", claimed(2));
  expect(await second.session.checkpoint({ workTree: tree, allowanceUsdMicro: 9_000 })).toMatchObject({
    kind: "pushed",
  });
  expect(git(remote.url, "log", "--format=%s", "refs/baton/issue-12").trim().split("\n")).toHaveLength(2);
});

test("of two writers the second's push is refused: it is superseded and may write nothing more", async () => {
  const remote = createRemote();
  const first = await createRunner(remote);
  await startSession(first.session, remote.base);
  const tree = git(remote.url, "rev-parse", "main^{tree}").trim();
  await first.session.checkpoint({ workTree: tree, allowanceUsdMicro: 1 });
  const second = await createRunner(remote);
  await second.session.record("run_claimed", claimed(2));
  expect(await second.session.checkpoint({ workTree: tree, allowanceUsdMicro: 2 })).toMatchObject({ kind: "pushed" });
  expect(await first.session.ownsRemote()).toBe(false);
  expect(await second.session.ownsRemote()).toBe(true);
  await first.session.record("work_committed", committed(remote.base));
  expect(await first.session.checkpoint({ workTree: tree, allowanceUsdMicro: 3 })).toMatchObject({
    kind: "superseded",
  });
  expect(git(remote.url, "for-each-ref", "refs/heads/baton")).toBe("");
  expect(await first.session.checkpoint({ workTree: tree, allowanceUsdMicro: 4 })).toMatchObject({
    kind: "superseded",
  });
});

test("the work branch moves with the checkpoint that records it, or neither does", async () => {
  const remote = createRemote();
  const { session, store } = await createRunner(remote);
  await startSession(session, remote.base);
  const tree = git(remote.url, "rev-parse", "main^{tree}").trim();
  await session.record("work_committed", committed(remote.base));
  expect(await session.checkpoint({ workTree: tree, allowanceUsdMicro: 1 })).toMatchObject({ kind: "pushed" });
  expect(session.remoteHead()).toBe(remote.base);
  expect(git(remote.url, "rev-parse", "refs/heads/baton/issue-12").trim()).toBe(remote.base);
  const human = git(remote.url, "commit-tree", "-p", remote.base, "-m", "human", tree).trim();
  git(remote.url, "update-ref", "refs/heads/baton/issue-12", human);
  const before = git(remote.url, "rev-parse", "refs/baton/issue-12");
  const ours = git(remote.url, "commit-tree", "-p", remote.base, "-m", "ours", tree).trim();
  await store.fetch([`${ours}:refs/ours`]);
  await session.record("work_committed", committed(ours));
  const refused = await session.checkpoint({ workTree: tree, allowanceUsdMicro: 2 });
  expect(refused).toMatchObject({ kind: "refused", why: "non_fast_forward", refs: ["refs/heads/baton/issue-12"] });
  expect(git(remote.url, "rev-parse", "refs/baton/issue-12")).toBe(before);
  expect(session.acknowledgedAllowance()).toBe(1);
  expect(session.remoteHead()).toBe(remote.base);
  // Once the commit is given up, the checkpoint goes through without it.
  await session.record("human_commits_found", { commits: [], merged: false, work_head: remote.base });
  expect(await session.checkpoint({ workTree: tree, allowanceUsdMicro: 3 })).toMatchObject({ kind: "pushed" });
});

test("a commit that an outage kept back travels with the next checkpoint, so that no state counts on a head that the remote lacks", async () => {
  const remote = createRemote();
  const { session } = await createRunner(remote);
  await startSession(session, remote.base);
  const tree = git(remote.url, "rev-parse", "main^{tree}").trim();
  await session.record("work_committed", committed(remote.base));
  renameSync(remote.url, `${remote.url}.gone`);
  expect(await session.checkpoint({ workTree: tree, allowanceUsdMicro: 2 })).toMatchObject({ kind: "unreachable" });
  expect(session.remoteHead()).toBeNull();
  renameSync(`${remote.url}.gone`, remote.url);
  session.checkpointSoon({ workTree: tree, allowanceUsdMicro: 2 });
  expect(await session.settled()).toMatchObject({ kind: "pushed" });
  expect(git(remote.url, "rev-parse", "refs/heads/baton/issue-12").trim()).toBe(remote.base);
});

test("checkpoints that are asked for while one is under way become one", async () => {
  const remote = createRemote();
  const { session } = await createRunner(remote);
  await startSession(session, remote.base);
  const tree = git(remote.url, "rev-parse", "main^{tree}").trim();
  for (let turn = 1; turn <= 20; turn += 1) session.checkpointSoon({ workTree: tree, allowanceUsdMicro: turn });
  expect(await session.settled()).toMatchObject({ kind: "pushed", allowanceUsdMicro: 20 });
  expect(git(remote.url, "log", "--format=%s", "refs/baton/issue-12").trim().split("\n").length).toBeLessThan(3);
  await session.close();
});

test("a listener hears of every event, the claim and the checkpoint included, and can break nothing", async () => {
  const remote = createRemote();
  const heard: string[] = [];
  const { session } = await createRunner(remote, {
    onEvent(event, state) {
      heard.push(`${event.type} ${state.journal.seq === event.seq}`);
      throw new Error("a listener that fails");
    },
  });
  await startSession(session, remote.base, 1);
  const workTree = git(remote.url, "rev-parse", "main^{tree}").trim();
  expect(await session.checkpoint({ workTree, allowanceUsdMicro: 5_000 })).toMatchObject({ kind: "pushed" });
  expect(heard).toEqual(session.events().map(({ type }) => `${type} true`));
  expect(heard).toContain("run_claimed true");
  expect(heard.at(-1)).toBe("checkpoint_pushed true");
});
