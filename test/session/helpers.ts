import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { EventInput } from "../../src/domain/event.ts";
import { noTokens } from "../../src/domain/limits.ts";
import { type GitStore, openStore } from "../../src/git/store.ts";
import { type OpenedSession, type OpenSessionOptions, openSession, type Session } from "../../src/session/session.ts";
import { type Remote, temporaryDir } from "../git/helpers.ts";

export const key = "issue-12";

/** A fresh runner: its own store and folder, the session opened from the remote. */
export async function createRunner(
  remote: Remote,
  more: Partial<OpenSessionOptions> = {},
): Promise<OpenedSession & { dir: string; store: GitStore }> {
  const dir = temporaryDir();
  const store = more.store ?? (await openStore({ dir: join(dir, "store"), remote: { url: remote.url } }));
  onTestFinished(() => store.close());
  await store.fetch(["refs/heads/main:refs/remotes/main"]);
  const opened = await openSession({
    key,
    dir: join(dir, "runner"),
    redact: (text) => text,
    now: () => 1_000,
    ...more,
    store,
  });
  return { ...opened, dir, store };
}

export const started = (base: string): EventInput<"session_started"> => ({
  session: key,
  generation: 1,
  branch: "baton/issue-12",
  base_ref: "main",
  base_sha: base,
  request: { number: 12, title: "Title", body: "Body", sha256: "0", url: null },
  requester: { id: 1, login: "person" },
});

export const claimed = (epoch: number): EventInput<"run_claimed"> => ({
  epoch,
  run_id: String(100 + epoch),
  run_attempt: 1,
  run_url: null,
  trigger: "label",
  event_id: "",
  actor: "person",
  identity: "baton[bot]",
  limits: { turns: 10, usd_micro: 5_000_000, ms: 60_000 },
  written_off_usd_micro: 0,
  hop: 0,
  baton_version: "0.1.0",
  walls: "none",
});

/** Records one turn as the loop does: request, reply, tool call, end. */
export async function recordTurn(session: Session, turn: number, text = `answer ${turn}`): Promise<void> {
  const request = `r${turn}`;
  const context = "c1";
  await session.record(
    "request_sent",
    {
      request,
      context,
      attempt: 1,
      prompt_bytes: 10,
      prompt_tokens_bound: 10,
      max_tokens: 10,
      reserved_usd_micro: 500,
      prefix_sha256: "p",
      messages_sha256: "m",
    },
    "worker",
  );
  await session.record(
    "reply_received",
    {
      request,
      context,
      model: "m",
      content: [{ type: "text", text }],
      stop_reason: "tool_use",
      usage: { ...noTokens, input: 10 },
      cost_usd_micro: 100,
      duration_ms: 1,
    },
    "worker",
  );
  await session.record(
    "tool_started",
    { call: `${turn}-1`, context, tool: "bash", input: { command: "true" }, request },
    "worker",
  );
  await session.record(
    "tool_finished",
    { call: `${turn}-1`, context, tool: "bash", content: text, is_error: false, duration_ms: 1 },
    "worker",
  );
  await session.record("turn_ended", { context, turn, tree: null }, "worker");
}

/** A session that has started, claimed its first run and holds `turns` turns. */
export async function startSession(session: Session, base: string, turns = 0): Promise<void> {
  await session.record("session_started", started(base));
  await session.record("run_claimed", claimed(1));
  for (let turn = 1; turn <= turns; turn += 1) await recordTurn(session, turn);
}
