import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Envelope } from "../domain/envelope.ts";
import { ConfigError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { sha256 } from "../domain/hash.ts";
import { SessionKey } from "../domain/session-key.ts";
import type { State } from "../domain/state.ts";
import { stopReasons } from "../domain/stop-reason.ts";
import { createModel } from "../loop/model.ts";
import { type AskedLimits, lowerLimits } from "../policy/lower-limits.ts";
import { readFoundPolicy } from "../policy/read-policy.ts";
import type { RunResult } from "../run/finish.ts";
import type { InboxItem } from "../run/forge.ts";
import { type LeftFiles, leaveFiles } from "../run/leave-files.ts";
import { createLocalForge, requestOfTask } from "../run/local-forge.ts";
import { readRegistries } from "../run/registries.ts";
import { runSession } from "../run/run.ts";
import { summarise } from "../run/summary.ts";
import { version } from "../run/version.ts";
import { createRedactor } from "../session/redact.ts";

const run = promisify(execFile);

export interface LocalRunOptions {
  repo: string;
  /** Null only when an existing session goes on. */
  task: string | null;
  resume: string | null;
  /** What a person adds, as `/continue` does. */
  steering: string | null;
  asked: AskedLimits;
  model: string | null;
  outDir: string | null;
  allowDegradedWalls: boolean;
  dryRun: boolean;
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  say: (line: string) => void;
  onEvent: (event: Event, state: State) => void;
}

export interface LocalRunOutcome {
  result: RunResult;
  outDir: string;
  /** For people. */
  text: string;
  /** For machines. */
  summary: Record<string, unknown>;
}

/** One run of a session on a local repository: the same run as on GitHub, with a folder in place of its pages. */
export async function runLocally(options: LocalRunOptions): Promise<LocalRunOutcome> {
  const place = await readRepository(options.repo);
  const session = readSession(options, place.head);
  const outDir = options.outDir ?? join(place.gitDir, "baton", session);
  const apiKey = options.env.ANTHROPIC_API_KEY ?? "";
  if (!apiKey && !options.dryRun) {
    throw new ConfigError("ANTHROPIC_API_KEY is not set.", {
      hint: "Set it, or try `npm run demo`, which needs no key.",
    });
  }
  const found = readFoundPolicy(place.policyText, ".github/baton.yml");
  const lowered = lowerLimits(found.policy, [options.asked]);
  if (lowered.kind === "exhausted")
    throw new ConfigError(lowered.reason, { hint: "Raise the limit in .github/baton.yml." });
  for (const note of lowered.notes) options.say(note);
  const dir = await mkdtemp(join(tmpdir(), "baton-run-"));
  const now = (): Date => new Date();
  const started = now();
  try {
    const { models } = found.policy;
    const pick = (name: string): string => options.model ?? name;
    const result = await runSession({
      envelope: envelopeOf(session, started),
      run: { id: `${process.pid}-${started.getTime()}`, attempt: 1 },
      policy: found.policy,
      limits: lowered.limits,
      policySource: found.said,
      branchPrefix: "baton/",
      models: { initializer: pick(models.initializer), worker: pick(models.worker), evaluator: pick(models.evaluator) },
      remote: { url: place.root },
      forge: createLocalForge({
        outDir,
        request: options.task === null ? null : requestOfTask(options.task, place.branch),
        inbox: steeringOf(options.steering, started),
        now,
        say: options.say,
      }),
      model: createModel({ apiKey, baseUrl: options.env.ANTHROPIC_BASE_URL }),
      dir,
      allowDegradedWalls: options.allowDegradedWalls,
      redact: createRedactor([apiKey].filter(Boolean)),
      now,
      registries: await readRegistries(options.env),
      hostEnv: options.env,
      signal: options.signal,
      dryRun: options.dryRun,
      onEvent: options.onEvent,
      batonVersion: version,
    });
    const files = await leaveFiles(result, outDir);
    const summary = {
      ...summarise(result),
      report_file: files.report,
      execution_file: files.journal,
      trace_file: files.trace,
    };
    return { result, outDir, summary, text: renderEnd(result, files) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

interface Place {
  root: string;
  gitDir: string;
  branch: string;
  head: string;
  policyText: string | null;
}

/** Where the work starts: the commit that is checked out, never the files as they lie there. */
async function readRepository(repo: string): Promise<Place> {
  const git = async (...args: string[]): Promise<string> =>
    (await run("git", ["-C", repo, ...args], { maxBuffer: 1 << 24 })).stdout.trim();
  try {
    const root = await git("rev-parse", "--show-toplevel");
    const gitDir = await git("rev-parse", "--absolute-git-dir");
    const head = await git("rev-parse", "--verify", "HEAD^{commit}");
    const branch = await git("symbolic-ref", "--quiet", "--short", "HEAD").catch(() => "");
    if (!branch) {
      throw new ConfigError(`${repo} has no branch checked out.`, {
        hint: "Check out the branch that the work should start from.",
      });
    }
    const policyText = await git("show", "HEAD:.github/baton.yml").catch(() => null);
    return { root, gitDir, branch, head, policyText };
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`${repo} is not a git repository with at least one commit.`, {
      hint: "Give --repo the path of a git repository.",
      cause,
    });
  }
}

function readSession(options: LocalRunOptions, head: string): SessionKey {
  if (options.resume !== null) {
    const parsed = SessionKey.safeParse(options.resume);
    if (parsed.success) return parsed.data;
    throw new ConfigError(`${JSON.stringify(options.resume)} is no session key.`, {
      hint: "A session key is like task-1a2b3c4d; `baton status` lists those of a repository.",
    });
  }
  if (!options.task?.trim()) {
    throw new ConfigError("There is no task.", { hint: "Give --task TEXT, --task-file FILE or --resume SESSION." });
  }
  // The same task on the same commit is the same session: started twice, it goes on.
  return SessionKey.parse(`task-${sha256(`${head}\n${options.task.trim()}`).slice(0, 8)}`);
}

function envelopeOf(session: SessionKey, at: Date): Envelope {
  return {
    v: 1,
    session,
    trigger: {
      kind: "dispatch",
      event_id: `local-${at.getTime()}`,
      comment_id: null,
      actor_id: null,
      at: at.toISOString(),
    },
    subject: { number: null, sha256: "" },
    status_comment_id: null,
    hop: 0,
  };
}

/** A person's words on the command line, as a comment would bring them; the time in seconds is a growing id. */
function steeringOf(text: string | null, at: Date): InboxItem[] {
  if (!text?.trim()) return [];
  return [
    {
      commentId: Math.floor(at.getTime() / 1000),
      actor: "local",
      command: { name: "continue", text: text.trim(), budget_usd_micro: null, turns: null },
      at: at.toISOString(),
    },
  ];
}

function renderEnd(result: RunResult, files: LeftFiles): string {
  const row = stopReasons[result.stop];
  const lines = [
    "",
    `${result.stop}: ${row.sentence}`,
    ...(result.text ? [`  ${result.text}`] : []),
    `Next: ${row.next}`,
    ...(result.state?.work_head
      ? [`Branch: ${result.state.branch} (git diff ${result.state.base.ref}...${result.state.branch})`]
      : []),
    `Report: ${files.report}`,
    `Trace:  ${files.trace}`,
    "",
  ];
  return `${lines.join("\n")}`;
}
