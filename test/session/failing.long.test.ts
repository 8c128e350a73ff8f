import { expect, test } from "vitest";
import { openStore } from "../../src/git/store.ts";
import { createRemote, git, temporaryDir } from "../git/helpers.ts";
import { createRunner, recordTurn, startSession } from "./helpers.ts";

/** A failpoint at which the n-th pass fails, as a full or broken disk would; counting goes on. */
function failAt(n: number, only: (point: string) => boolean) {
  const seen = { passes: 0, point: "" };
  const failpoint = (point: string): void => {
    if (!only(point)) return;
    seen.passes += 1;
    if (seen.passes !== n) return;
    seen.point = point;
    throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
  };
  return { seen, failpoint };
}

test("a checkpoint whose n-th step at git's door fails, for every n, leaves nothing out of the next one", async () => {
  const remote = createRemote();
  const tree = git(remote.url, "rev-parse", "main^{tree}").trim();
  for (let n = 1; ; n += 1) {
    const { seen, failpoint } = failAt(n, (point) => /write_object|push/.test(point));
    const dir = temporaryDir();
    let armed = false;
    const store = await openStore({
      dir,
      remote: { url: remote.url },
      failpoint: (point) => (armed ? failpoint(point) : undefined),
    });
    const key = `issue-${n}` as const;
    const { session } = await createRunner(remote, { store, key });
    await startSession(session, remote.base, 1);
    await recordTurn(session, 2, "long ".repeat(5_000));
    await session.saveOutput("0002-1", Buffer.from("output"));
    armed = true;
    await session.checkpoint({ workTree: tree, allowanceUsdMicro: 1 }).catch(() => null);
    armed = false;
    await recordTurn(session, 3);
    expect(await session.checkpoint({ workTree: tree, allowanceUsdMicro: 2 }), seen.point).toMatchObject({
      kind: "pushed",
    });
    const next = await createRunner(remote, { key });
    expect(next.found, seen.point).toMatchObject({ kind: "restored", problems: [] });
    expect(next.session.state().journal.seq, seen.point).toBeGreaterThanOrEqual(session.state().journal.seq - 1);
    expect(git(remote.url, "ls-tree", "-r", "--name-only", `refs/baton/${key}`)).toContain(
      "session/outputs/0002-1.log",
    );
    if (seen.point === "") break;
  }
});
