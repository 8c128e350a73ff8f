import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openStore } from "../../src/git/store.ts";
import { readWriteOff } from "../../src/session/checkpoint.ts";
import { claimSession } from "../../src/session/claim.ts";
import { renderLine } from "../../src/session/journal-line.ts";
import { createRemote, git, type Remote, temporaryDir } from "../git/helpers.ts";
import { claimed, createRunner, recordTurn, started, startSession } from "./helpers.ts";

const ref = "refs/baton/issue-12";

/** Rewrites files of the last checkpoint's session folder, as somebody with push rights could. */
async function tamper(
  remote: Remote,
  change: (read: (path: string) => string) => Record<string, string | null>,
): Promise<void> {
  const store = await openStore({ dir: join(temporaryDir(), "store"), remote: { url: remote.url } });
  await store.fetch([ref]);
  const head = (await store.lsRemote([ref])).get(ref)!;
  const changes = [];
  for (const [path, text] of Object.entries(change((path) => git(remote.url, "show", `${ref}:session/${path}`)))) {
    changes.push({ path: `session/${path}`, sha: text === null ? null : await store.writeBlob(text) });
  }
  const message = git(remote.url, "log", "-1", "--format=%B", ref);
  const tree = await store.graft(await store.treeOf(head), changes);
  await store.push([{ ref, sha: await store.commit({ tree, parents: [head], message }) }]);
  store.close();
}

async function createCheckpointed() {
  const remote = createRemote();
  const { session } = await createRunner(remote);
  await startSession(session, remote.base, 3);
  const tree = git(remote.url, "rev-parse", "main^{tree}").trim();
  expect(await session.checkpoint({ workTree: tree, allowanceUsdMicro: 9_000 })).toMatchObject({ kind: "pushed" });
  return { remote, tree, state: session.state(), events: session.events().slice(0, -1) };
}

const problemsOf = (found: { kind: string; problems?: string[] }) => (found.problems ?? []).join(" ");

test("a damaged state file is said, and the journal is enough to go on", async () => {
  const { remote, events } = await createCheckpointed();
  await tamper(remote, (read) => ({ "state.json": read("state.json").replace("Title", "Other") }));
  const { session, found } = await createRunner(remote);
  expect(problemsOf(found)).toMatch(/digest does not fit.*journal is whole/);
  expect(session.events()).toEqual(events);
});

test("a missing state file is said, and the journal is enough to go on", async () => {
  const { remote, events } = await createCheckpointed();
  await tamper(remote, () => ({ "state.json": null }));
  const { session, found } = await createRunner(remote);
  expect(problemsOf(found)).toMatch(/no state file/);
  expect(session.events()).toEqual(events);
});

test("a damaged journal is said, and the state file of the same checkpoint is enough to go on", async () => {
  const { remote, tree, state } = await createCheckpointed();
  await tamper(remote, (read) => ({
    "journal/000001.jsonl": read("journal/000001.jsonl").replace("answer 1", "answer 7"),
  }));
  const { session, found } = await createRunner(remote);
  expect(problemsOf(found)).toMatch(/journal is damaged \(000001.jsonl, line \d+/);
  expect(session.state()).toMatchObject({
    session: "issue-12",
    spend: { total: { usd_micro: 300, turns: 3 } },
    runs: [{ epoch: 1 }],
    request: state.request,
  });
  await session.record("run_claimed", claimed(2));
  expect(await session.checkpoint({ workTree: tree, allowanceUsdMicro: 9_000 })).toMatchObject({ kind: "pushed" });
  const third = await createRunner(remote);
  expect(problemsOf(third.found)).toBe("");
  expect(third.session.state().runs.map((run) => run.epoch)).toEqual([1, 2]);
  expect(third.session.events()[0]?.type).toBe("state_restored");
});

test("a journal that lost its last lines is shorter than the state says: the state is taken, with its spend", async () => {
  const { remote } = await createCheckpointed();
  await tamper(remote, (read) => ({
    "journal/000001.jsonl": `${read("journal/000001.jsonl").trimEnd().split("\n").slice(0, -4).join("\n")}\n`,
  }));
  const { session, found } = await createRunner(remote);
  expect(problemsOf(found)).toMatch(/journal ends at event \d+, but the state knows event/);
  expect(session.state().spend.total.usd_micro).toBe(300);
});

const bothDamaged = (read: (path: string) => string) => ({
  "state.json": "{",
  "journal/000001.jsonl": read("journal/000001.jsonl").replace("answer 1", "answer 7"),
});

test("a record that ends before what its checkpoint's message knows has lost the rest, and its money counts", async () => {
  const { remote } = await createCheckpointed();
  await tamper(remote, (read) => ({
    "journal/000001.jsonl": `${read("journal/000001.jsonl").trimEnd().split("\n").slice(0, -4).join("\n")}\n`,
    "state.json": null,
  }));
  const { session, found } = await createRunner(remote);
  expect(problemsOf(found)).toMatch(/ends at event \d+, but its commit knows event \d+/);
  expect(found).toMatchObject({ lostCheckpoints: 1, pushedAllowanceUsdMicro: 9_000 });
  expect(readWriteOff(session.state(), 9_000, 1)).toBeGreaterThan(0);
});

test("when both are damaged the checkpoint before is gone on from; what is lost is said, and its money and epoch count", async () => {
  const { remote, tree, events } = await createCheckpointed();
  const lost = await createRunner(remote);
  await lost.session.record("run_claimed", claimed(2));
  await recordTurn(lost.session, 4);
  await lost.session.record("run_ended", { stop_reason: "max_turns", text: "", progress: true });
  expect(await lost.session.checkpoint({ workTree: tree, allowanceUsdMicro: 12_000 })).toMatchObject({
    kind: "pushed",
  });
  await tamper(remote, bothDamaged);
  await tamper(remote, () => ({ "hooks.sh": "x" }));
  const { session, found } = await createRunner(remote);
  expect(found).toMatchObject({ kind: "restored", lostCheckpoints: 2, newest: { epoch: 2, run: "102/1" } });
  expect(problemsOf(found)).toMatch(/"hooks.sh".*not Baton's.* 2 newest checkpoints could not be used/);
  expect(session.events().length).toBeGreaterThan(events.length);
  const { epoch: _epoch, written_off_usd_micro: _off, ...run } = claimed(3);
  const asked: string[] = [];
  const input = { session, found, start: null, run, workTree: tree, allowanceUsdMicro: () => 12_000 };
  const claim = (alive: boolean) => claimSession({ ...input, isRunAlive: async (id) => asked.push(id) > 0 && alive });
  expect(await claim(true)).toMatchObject({ kind: "held", by: { run_id: "102" } });
  expect(await claim(false)).toMatchObject({ kind: "claimed", epoch: 3, writtenOffUsdMicro: 11_600 });
  expect(session.state().warnings.join()).toContain("what was recorded after it is lost");
  expect(asked).toEqual(["102", "102"]);
  expect((await createRunner(remote)).found).toMatchObject({ lostCheckpoints: 0, problems: [] });
});

test("a ref that holds nothing of Baton's, and one whose every checkpoint is damaged, are left to a person", async () => {
  const { remote } = await createCheckpointed();
  git(remote.url, "update-ref", ref, remote.base);
  await expect(createRunner(remote)).rejects.toMatchObject({
    name: "ConfigError",
    message: expect.stringContaining("does not hold a checkpoint"),
    hint: expect.stringContaining(`delete \`${ref}\``),
  });
});

test("a journal of a newer Baton is not passed over for an older checkpoint", async () => {
  const { remote } = await createCheckpointed();
  await tamper(remote, (read) => {
    const lines = read("journal/000001.jsonl").trimEnd().split("\n");
    const { sum: _sum, ...last } = JSON.parse(lines.at(-1)!) as Record<string, unknown>;
    return {
      "journal/000001.jsonl": `${[...lines.slice(0, -1), renderLine({ ...last, v: 2 } as never)].join("\n")}\n`,
    };
  });
  await expect(createRunner(remote)).rejects.toThrow(/newer Baton/);
});

test("the record that a remote refuses to hold is given up: an output alone, or the journal for its state", async () => {
  const remote = createRemote();
  const { session } = await createRunner(remote);
  await startSession(session, remote.base, 2);
  await session.saveOutput("0001-1", Buffer.from("keep"));
  await session.saveOutput("0002-1", Buffer.from("secret"));
  await recordTurn(session, 3, "secret ".repeat(3_000));
  const tree = git(remote.url, "rev-parse", "main^{tree}").trim();
  expect(await session.renounce(["state.json"], "why")).toBe(false);
  // What is recorded at the same moment is in the new journal or told by its state.
  const [renounced] = await Promise.all([
    session.renounce(["outputs/0002-1.log", "journal/000001.jsonl"], "the remote refused it"),
    ...[4, 5].map((turn) => recordTurn(session, turn)),
  ]);
  expect(renounced).toBe(true);
  await recordTurn(session, 6);
  expect(await session.checkpoint({ workTree: tree, allowanceUsdMicro: 1 })).toMatchObject({ kind: "pushed" });
  expect(git(remote.url, "rev-list", "--objects", ref)).not.toMatch(/0002-1|session\/blobs/);
  expect(git(remote.url, "show", `${ref}:session/journal/000001.jsonl`)).not.toContain("secret secret");
  const { session: next, found } = await createRunner(remote);
  expect(found).toMatchObject({ problems: [], lostCheckpoints: 0 });
  expect(next.state().spend.total).toMatchObject({ turns: 6 });
  expect({ ...next.state(), checkpoint: null, journal: null, allowance_usd_micro: 0 }).toEqual({
    ...session.state(),
    ...{ checkpoint: null, journal: null, allowance_usd_micro: 0 },
  });
});

test("recovery of a recovery is the same recovery", async () => {
  const { remote } = await createCheckpointed();
  const [first, second] = [await createRunner(remote), await createRunner(remote)];
  expect(second.session.state()).toEqual(first.session.state());
  expect(second.session.events()).toEqual(first.session.events());
});

test("of a lost run the whole pushed allowance counts as spent; of a run that ended itself nothing more", async () => {
  const { remote, tree } = await createCheckpointed();
  const { session, found } = await createRunner(remote);
  const { epoch: _epoch, written_off_usd_micro: _off, ...run } = claimed(2);
  const input = {
    session,
    found,
    start: null,
    run,
    workTree: tree,
    allowanceUsdMicro: () => 9_000,
    isRunAlive: async () => false,
  };
  expect(await claimSession(input)).toMatchObject({ kind: "claimed", epoch: 2, writtenOffUsdMicro: 8_700 });
  expect(session.state().spend.total).toMatchObject({ usd_micro: 9_000, estimated_usd_micro: 8_700 });
  await session.record("run_ended", { stop_reason: "max_turns", text: "", progress: true });
  expect(readWriteOff(session.state(), 50_000)).toBe(0);
  expect(readWriteOff(null, 50_000)).toBe(0);
});

test("a claim is held by a living run, and lost to whoever claimed first", async () => {
  const { remote, tree } = await createCheckpointed();
  const { epoch: _epoch, written_off_usd_micro: _off, ...run } = claimed(2);
  const [one, two] = [await createRunner(remote), await createRunner(remote)];
  const claim = (runner: typeof one, alive: boolean) =>
    claimSession({
      session: runner.session,
      found: runner.found,
      start: null,
      run,
      workTree: tree,
      allowanceUsdMicro: () => 1,
      isRunAlive: async () => alive,
    });
  expect(await claim(one, true)).toMatchObject({ kind: "held", by: { run_id: "101" } });
  expect(await claim(two, false)).toMatchObject({ kind: "claimed", epoch: 2 });
  expect(await claim(one, false)).toMatchObject({ kind: "superseded" });
});

test("a new session begins with its claim", async () => {
  const remote = createRemote();
  const { session, found } = await createRunner(remote);
  const { epoch: _epoch, written_off_usd_micro: _off, ...run } = claimed(1);
  const tree = git(remote.url, "rev-parse", "main^{tree}").trim();
  const outcome = await claimSession({
    session,
    found,
    start: started(remote.base),
    run,
    workTree: tree,
    allowanceUsdMicro: () => 7,
    isRunAlive: async () => true,
  });
  expect(outcome).toMatchObject({ kind: "claimed", epoch: 1, writtenOffUsdMicro: 0 });
  expect(git(remote.url, "show", `${ref}:session/state.json`)).toContain("issue-12");
});

test("when the namespace is refused, checkpoints go to the fallback branch, with a warning, and are found there", async () => {
  const remote = createRemote();
  git(remote.url, "config", "receive.hideRefs", "refs/baton");
  const { session } = await createRunner(remote);
  await startSession(session, remote.base);
  const tree = git(remote.url, "rev-parse", "main^{tree}").trim();
  expect(await session.checkpoint({ workTree: tree, allowanceUsdMicro: 1 })).toMatchObject({ kind: "pushed" });
  expect(session.sessionRef()).toBe("refs/heads/baton-session/issue-12");
  expect(session.state().warnings.join()).toContain("baton-session/issue-12");
  expect(await session.checkpoint({ workTree: tree, allowanceUsdMicro: 2 })).toMatchObject({ kind: "pushed" });
  expect((await createRunner(remote)).found).toMatchObject({ kind: "restored", pushedAllowanceUsdMicro: 2 });
});

test("a push that a hook refuses is said with its text, and the next checkpoint starts from the last good one", async () => {
  const remote = createRemote();
  const { session } = await createRunner(remote);
  await startSession(session, remote.base);
  const tree = git(remote.url, "rev-parse", "main^{tree}").trim();
  await session.checkpoint({ workTree: tree, allowanceUsdMicro: 1 });
  const hook = join(remote.url, "hooks/pre-receive");
  writeFileSync(
    hook,
    "#!/bin/sh\necho 'error: GH013: Repository rule violations found' >&2\necho '- GITHUB PUSH PROTECTION' >&2\necho '    path: work/key.txt:4' >&2\nexit 1\n",
    { mode: 0o755 },
  );
  expect(await session.checkpoint({ workTree: tree, allowanceUsdMicro: 2 })).toMatchObject({
    kind: "refused",
    why: "secret",
    paths: ["work/key.txt"],
  });
  expect(session.acknowledgedAllowance()).toBe(1);
  writeFileSync(hook, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  expect(await session.checkpoint({ workTree: tree, allowanceUsdMicro: 3 })).toMatchObject({ kind: "pushed" });
  expect(git(remote.url, "log", "--format=%s", ref).trim().split("\n")).toHaveLength(2);
});

test("a remote that is gone is unreachable; when it is back the same session goes on", async () => {
  const remote = createRemote();
  const { session } = await createRunner(remote);
  await startSession(session, remote.base);
  const tree = git(remote.url, "rev-parse", "main^{tree}").trim();
  renameSync(remote.url, `${remote.url}.gone`);
  expect(await session.checkpoint({ workTree: tree, allowanceUsdMicro: 2 })).toMatchObject({ kind: "unreachable" });
  expect(session.acknowledgedAllowance()).toBe(0);
  renameSync(`${remote.url}.gone`, remote.url);
  expect(await session.checkpoint({ workTree: tree, allowanceUsdMicro: 2 })).toMatchObject({ kind: "pushed" });
});
