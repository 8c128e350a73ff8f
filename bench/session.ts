import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noTokens } from "../src/domain/limits.ts";
import { openStore } from "../src/git/store.ts";
import { createRedactor } from "../src/session/redact.ts";
import { openSession, type Session } from "../src/session/session.ts";

/** One measured figure; `goal` is null when the figure is only shown. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  goal: number | null;
  held: boolean;
}

const key = "issue-1";
const env = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
};
const who = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a@b", GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "a@b" };
const git = (cwd: string, ...args: string[]) =>
  execFileSync("git", args, { cwd, env: { ...env, ...who }, encoding: "utf8" }).trim();

/** A bare repository with one commit of so many files. */
export function createRemote(root: string, files: number): { url: string; base: string } {
  const work = join(root, "seed");
  const url = join(root, "remote.git");
  mkdirSync(work, { recursive: true });
  git(work, "init", "-q", "-b", "main");
  for (let file = 0; file < files; file += 1) {
    const dir = join(work, `d${file % 60}`);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, `f${file}.ts`), `export const value${file} = ${file};\n`.repeat(40));
  }
  git(work, "add", "-A");
  git(work, "commit", "-q", "-m", "first");
  git(root, "clone", "-q", "--bare", work, url);
  return { url, base: git(work, "rev-parse", "HEAD") };
}

/** The five events of an ordinary turn. */
export async function recordTurn(session: Session, turn: number): Promise<void> {
  const about = { request: `r${turn}`, context: `c${Math.floor(turn / 50)}` };
  await session.record(
    "request_sent",
    {
      ...about,
      attempt: 1,
      prompt_bytes: 1,
      prompt_tokens_bound: 1,
      max_tokens: 1,
      reserved_usd_micro: 1,
      prefix_sha256: "p",
      messages_sha256: "m",
    },
    "worker",
  );
  const content = [{ type: "text", text: `turn ${turn} ${"thinking about it ".repeat(20)}` }];
  await session.record(
    "reply_received",
    { ...about, model: "m", content, stop_reason: "tool_use", usage: noTokens, cost_usd_micro: 1, duration_ms: 1 },
    "worker",
  );
  await session.record(
    "tool_started",
    { ...about, call: `${turn}-1`, tool: "bash", input: { command: "npm test" } },
    "worker",
  );
  await session.record(
    "tool_finished",
    {
      context: about.context,
      call: `${turn}-1`,
      tool: "bash",
      content: `${turn} ${"output line\n".repeat(60)}`,
      is_error: false,
      duration_ms: 1,
    },
    "worker",
  );
  await session.record("turn_ended", { context: about.context, turn, tree: null }, "worker");
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return performance.now() - started;
}

/** Measures snapshot, checkpoint, resume and redaction; `turns` of a session, five events each. */
export async function benchSession(options: { turns: number; files: number }): Promise<Figure[]> {
  const root = mkdtempSync(join(tmpdir(), "baton-bench-"));
  const figures: Figure[] = [];
  const add = (name: string, value: number, unit: string, goal: number | null) =>
    figures.push({ name, value: Math.round(value * 100) / 100, unit, goal, held: goal === null || value <= goal });
  try {
    const remote = createRemote(root, options.files);
    const store = await openStore({ dir: join(root, "store"), remote: { url: remote.url } });
    await store.fetch(["refs/heads/main:refs/remotes/main"]);
    const base = await store.treeOf(remote.base);
    const work = join(root, "work");
    add("checkout", await timed(() => store.checkout(base, work)), "ms", null);
    const snapshot = async () => await store.snapshot(work, { baseTree: base, isProtected: () => false });
    add("first snapshot", await timed(snapshot), "ms", null);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await snapshot();
    const warm: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      writeFileSync(join(work, "changed.txt"), `round ${round}\n`);
      warm.push(await timed(snapshot));
    }
    add("snapshot of one change, median", median(warm), "ms", null);

    const { session } = await openSession({
      store,
      key,
      dir: join(root, "runner"),
      redact: (text) => text,
      now: () => 0,
    });
    const request = { number: 1, title: "t", body: "b", sha256: "0", url: null };
    await session.record("session_started", {
      session: key,
      generation: 1,
      branch: "b",
      base_ref: "main",
      base_sha: remote.base,
      request,
      requester: { id: 1, login: "a" },
    });
    const early: number[] = [];
    const late: number[] = [];
    for (let turn = 1; turn <= options.turns; turn += 1) {
      await recordTurn(session, turn);
      // As many turns as fill a whole segment: within one, a checkpoint costs what its open part has grown to.
      const near = (at: number) => turn > at - 60 && turn <= at;
      const inEarly = near(Math.floor(options.turns / 10));
      if (!inEarly && !near(options.turns) && turn % 20 !== 0) continue;
      const ms = await timed(() => session.checkpoint({ workTree: base, allowanceUsdMicro: turn }));
      if (inEarly) early.push(ms);
      if (near(options.turns)) late.push(ms);
    }
    add("checkpoint at a tenth of the turns, median", median(early), "ms", null);
    add("checkpoint at the last turns, median", median(late), "ms", null);
    add("checkpoint, last over tenth", median(late) / median(early), "times", 1.5);
    add("events of the session", session.events().length, "events", null);
    store.close();

    const resumes: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      // The first finds every object of the remote loose, the others as a server keeps them: packed.
      if (round === 1) git(remote.url, "repack", "-a", "-d", "-q");
      const fresh = await openStore({ dir: join(root, `fresh-${round}`), remote: { url: remote.url } });
      resumes.push(
        await timed(() =>
          openSession({ store: fresh, key, dir: join(root, `again-${round}`), redact: (text) => text, now: () => 0 }),
        ),
      );
      fresh.close();
    }
    add("resume on a fresh runner, remote never packed", resumes[0]!, "ms", null);
    add("resume on a fresh runner, median", median(resumes.slice(1)), "ms", 1_500);
    const redact = createRedactor(["sk-ant-not-a-real-key-000000000000", `ghs_1_${"x".repeat(500)}`]);
    const text = "an ordinary line of output, number 12345\n".repeat(25_000);
    add("redaction of 1 MB", await timed(async () => redact(text)), "ms", null);
    return figures;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const [turns = "2000", files = "3000"] = process.argv.slice(2);
  console.table(await benchSession({ turns: Number(turns), files: Number(files) }));
}
