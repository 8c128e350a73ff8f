import { join } from "node:path";
import { expect, it } from "vitest";
import { openStore } from "../../src/git/store.ts";
import type { Run } from "../../src/run/open-run.ts";
import { noreplyHost, saveWork } from "../../src/run/save.ts";
import { openSession } from "../../src/session/session.ts";
import { temporaryDir } from "../git/helpers.ts";
import { branch, key, openWork } from "./open-work.ts";

it("a run on a fresh disk that ends before it looked at the branch saves its end all the same", async () => {
  const { run: first, session: before, remote, store: old } = await openWork();
  await before.checkpoint({ workTree: first.workTree, allowanceUsdMicro: 1 });
  const dir = temporaryDir();
  const store = await openStore({ dir: join(dir, "store.git"), remote: { url: remote } });
  const { session, found } = await openSession({ store, key, dir, redact: (text) => text, now: Date.now });
  if (found.kind !== "restored") throw new Error(found.kind);
  const run = { ...first, store, session, record: session.record, workTree: found.workTree } as Run;
  await session.record("run_ended", { stop_reason: "max_budget", text: "the day is spent", progress: false });
  const head = (await old.lsRemote([branch])).get(branch);
  expect(await saveWork(run, "hand on")).toMatchObject({ kind: "pushed" });
  expect((await old.lsRemote([branch])).get(branch)).toBe(head);
  expect(session.state().work_head).toBe(head);
  await session.close();
  store.close();
});

it.each([
  ["https://github.com/o/r.git", "github.com"],
  ["https://ghe.example.com/o/r.git", "ghe.example.com"],
  ["http://127.0.0.1:8080/o/r.git", "127.0.0.1"],
  ["/home/ada/r", "github.com"],
])("who asked is named by the noreply address of the server: %s", (remote, host) => {
  expect(noreplyHost(remote)).toBe(host);
});
