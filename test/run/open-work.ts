import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { contractSha256 } from "../../src/domain/contract.ts";
import { openStore } from "../../src/git/store.ts";
import type { Run } from "../../src/run/open-run.ts";
import { saveWork } from "../../src/run/save.ts";
import { openSession } from "../../src/session/session.ts";

export const key = "maintenance-tidy-20261120";
/** The session's work branch. */
export const branch = `refs/heads/baton/${key}`;
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** A session with published work on top of main, in a real store with a real remote. */
export async function openWork(trigger: "schedule" | "continuation" = "schedule") {
  const dir = mkdtempSync(join(tmpdir(), "baton-refresh-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
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
  const saved = await saveWork(run, "work");
  if (saved.kind !== "pushed") throw new Error(saved.kind);
  const move = async (files: Record<string, string>, parent: string | null = base): Promise<string> => {
    const sha = await put(files, parent);
    execFileSync("git", ["-C", remote, "fetch", "-q", store.dir, `+${sha}:refs/heads/main`]);
    return sha;
  };
  return { run, store, session, base, move, put, remote };
}
