import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { contractSha256 } from "../../src/domain/contract.ts";
import { type GitStore, openStore } from "../../src/git/store.ts";
import type { Run } from "../../src/run/open-run.ts";
import { takeUpNewBase } from "../../src/run/refresh.ts";
import { saveWork } from "../../src/run/save.ts";
import { openSession } from "../../src/session/session.ts";

const key = "maintenance-tidy-20261120";
const branch = `refs/heads/baton/${key}`;
const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** A session with published work on top of main, in a real store with a real remote. */
async function openWork(trigger: "schedule" | "continuation" = "schedule") {
  const dir = mkdtempSync(join(tmpdir(), "baton-refresh-"));
  dirs.push(dir);
  const remote = join(dir, "remote.git");
  execFileSync("git", ["init", "-q", "--bare", "-b", "main", remote]);
  const store = await openStore({ dir: join(dir, "store.git"), remote: { url: remote } });
  const put = async (files: Record<string, string>, parent: string | null): Promise<string> => {
    const changes = await Promise.all(
      Object.entries(files).map(async ([path, text]) => ({ path, sha: await store.writeBlob(text) })),
    );
    const tree = await store.graft(parent ? await store.treeOf(parent) : emptyTree, changes);
    return await store.commit({ tree, parents: parent ? [parent] : [], message: "m" });
  };
  const base = await put({ "a.txt": "one\n", "b.txt": "one\n" }, null);
  await store.push([{ ref: "refs/heads/main", sha: base }]);
  const { session } = await openSession({ store, key, dir, redact: (text) => text, now: Date.now });
  const contract = {
    ...{ v: 1 as const, request_sha256: "", base_sha: base, summary: "s", criteria: [], assumptions: [] },
    ...{ out_of_scope: [], allowed_test_changes: [], baseline: [], amendments: [] },
  };
  await session.record("session_started", {
    ...{ session: key, generation: 1, branch: `baton/${key}`, base_ref: "main", base_sha: base },
    request: { number: null, title: "t", body: "b", sha256: "", url: null },
    requester: { id: 0, login: "schedule" },
  });
  await session.record("run_claimed", {
    ...{ epoch: 1, run_id: "1", run_attempt: 1, run_url: null, trigger, actor: null, identity: "bot" },
    ...{ limits: { turns: 9, usd_micro: 9, ms: 9 }, written_off_usd_micro: 0, hop: 0, baton_version: "0", walls: "" },
  });
  await session.record("contract_frozen", { contract, sha256: contractSha256(contract) });
  const world = { envelope: { trigger: { kind: trigger } }, now: () => new Date() };
  const workTree = await store.treeOf(await put({ "a.txt": "worked\n" }, base));
  const run = { world, store, session, record: session.record, workTree, superseded: null } as unknown as Run;
  expect((await saveWork(run, "work")).kind).toBe("pushed");
  const move = async (files: Record<string, string>, parent: string | null = base): Promise<string> => {
    const sha = await put(files, parent);
    execFileSync("git", ["-C", remote, "fetch", "-q", store.dir, `+${sha}:refs/heads/main`]);
    return sha;
  };
  return { run, store, session, base, move };
}

const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const read = async (store: GitStore, tree: string, path: string): Promise<string> =>
  Buffer.from((await store.readBlob(tree, path)) ?? "").toString();

describe("a base that moved", () => {
  it("is merged into the work by a commit with both parents; contract and verdict are the old base's", async () => {
    const { run, store, session, move } = await openWork();
    const before = session.state().work_head!;
    const head = await move({ "b.txt": "two\n" });
    expect(await takeUpNewBase(run)).toBeNull();
    const state = session.state();
    expect(state.base.sha).toBe(head);
    expect(state.contract?.base_sha).not.toBe(head);
    expect([state.verdict, state.unjudged]).toEqual([null, null]);
    expect(await store.parentsOf(state.work_head!)).toEqual([before, head]);
    expect((await store.lsRemote([branch])).get(branch)).toBe(state.work_head);
    expect(await read(store, run.workTree, "a.txt")).toBe("worked\n");
    expect(await read(store, run.workTree, "b.txt")).toBe("two\n");
    // Doubled: nothing moves a second time.
    expect(await takeUpNewBase(run)).toBeNull();
    expect(session.state().work_head).toBe(state.work_head);
    await session.close();
  });

  it("is left to a person where both change the same place, and nothing is pushed", async () => {
    const { run, store, session, move } = await openWork();
    const before = session.state().work_head;
    await move({ "a.txt": "other\n" });
    expect(await takeUpNewBase(run)).toMatchObject({ stop: "conflict", text: expect.stringContaining("a.txt") });
    expect((await store.lsRemote([branch])).get(branch)).toBe(before);
    await session.close();
  });

  it("is not followed after a force push", async () => {
    const { run, session, move } = await openWork();
    await move({ "c.txt": "anew\n" }, null);
    expect(await takeUpNewBase(run)).toMatchObject({ stop: "conflict", text: expect.stringContaining("force-pushed") });
    await session.close();
  });

  it("is taken up by scheduled runs only", async () => {
    const { run, session, base, move } = await openWork("continuation");
    await move({ "b.txt": "two\n" });
    expect(await takeUpNewBase(run)).toBeNull();
    expect(session.state().base.sha).toBe(base);
    await session.close();
  });
});
