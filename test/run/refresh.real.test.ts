import { describe, expect, it } from "vitest";
import type { GitStore } from "../../src/git/store.ts";
import { takeUpNewBase } from "../../src/run/refresh.ts";
import { branch, openWork } from "./open-work.ts";

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
