import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ConfigError } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import type { StopReason } from "../domain/stop-reason.ts";
import { createModel } from "../loop/model.ts";
import { readFoundPolicy } from "../policy/read-policy.ts";
import { runSession } from "../run/run.ts";
import { makeScratch } from "../sandbox/scratch.ts";
import { type CliCommand, type CommandInput, choiceOption, textOption } from "./command.ts";
import { findRepository, policyPath, readGit } from "./local-place.ts";
import { makeLocalWorld } from "./local-world.ts";
import { openJournal } from "./open-journal.ts";
import { createProgressView } from "./progress-view.ts";
import { startRecordedModel } from "./recorded-model.ts";
import { findParting, listWaypoints, type RecordedRun, type Recording, readRecording } from "./recording.ts";

const help = `baton replay: a stored journal through the real loop, to see whether it comes to the same tree.

Usage: baton replay SESSION|JOURNAL [--repo PATH] [options]

The recorded replies of the model are given again, in their order, to a run on the recorded base commit: real walls, real
tools, real evaluation, no key, no network but the set-up's. The work happens in a copy; the repository is only read.
Tools that give another result (a clock, a random number, a registry) can make the replay part: it says where.
Failed requests are not repeated, and what people pushed between runs is not part of a journal.

  --repo PATH        the repository that holds the base commit; default: the current folder
  --sandbox MODE     required (default) or degraded-ok
  --verbose          one line per happening

Examples:
  baton replay task-1a2b3c4d
  baton replay .git/baton/task-1a2b3c4d/journal.jsonl
  baton replay journal.jsonl --repo ../library --verbose

Exit code: 0 for the same tree at every turn; 1 when it parted; 2 when the journal or the base is not there.`;

/** `baton replay`: re-runs a recorded session and compares every tree on the way. */
export const replayCommand: CliCommand = {
  name: "replay",
  help,
  options: { repo: { type: "string" }, sandbox: { type: "string" }, verbose: { type: "boolean" } },
  positionals: { min: 1, max: 1 },
  async run(input) {
    const { terminal } = input;
    await using source = await openJournal(input);
    if (source.missing > 0) {
      throw new ConfigError(`${source.missing} long texts of ${input.positionals[0]} are missing.`, {
        hint: "They lie in `blobs/` beside the journal that a run leaves; take the whole folder.",
      });
    }
    const recording = readRecording(source.events);
    const repo = resolve(terminal.cwd, textOption(input, "repo") ?? ".");
    const dir = makeScratch("baton-replay-");
    try {
      const { root, policyText } = await copyBase(repo, recording, join(dir, "repo"));
      return await play(input, recording, { dir, root, policyText });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

interface Stage {
  dir: string;
  root: string;
  policyText: string | null;
}

async function play(input: CommandInput, recording: Recording, stage: Stage): Promise<number> {
  const { terminal } = input;
  const { start, runs } = recording;
  const replies = runs.reduce((sum, run) => sum + run.replies.length, 0);
  terminal.out(
    `${start.session}: ${runs.length} ${runs.length === 1 ? "run" : "runs"}, ${replies} replies, base ${start.base_sha.slice(0, 12)}\n`,
  );
  const events: Event[] = [];
  for (const [index, run] of runs.entries()) {
    const played = await playRun(input, recording, { ...stage, run, number: index + 1, events });
    terminal.out(
      `run ${index + 1}: ended as ${played.stop} (recorded: ${run.stop ?? "lost"}), ${played.given} of ${run.replies.length} replies given\n`,
    );
    terminal.signal.throwIfAborted();
  }
  const recorded = listWaypoints(recording.events);
  const parting = findParting(recorded, listWaypoints(events));
  if (parting) {
    terminal.out(`parted: ${parting}\n`);
    return 1;
  }
  const last = recorded.at(-1);
  terminal.out(
    last
      ? `same tree at all ${recorded.length} moments; the last is ${last.what}, tree ${last.tree.slice(0, 12)}\n`
      : "same, but the journal holds no tree to compare\n",
  );
  return 0;
}

async function playRun(
  input: CommandInput,
  { start, models }: Recording,
  stage: Stage & { run: RecordedRun; number: number; events: Event[] },
): Promise<{ stop: StopReason; given: number }> {
  const { terminal } = input;
  const { run, number, events } = stage;
  await using recorded = await startRecordedModel(run.replies);
  const { policy, said } = readFoundPolicy(stage.policyText, policyPath);
  const modelOf = (role: keyof typeof policy.models): string => models[role] ?? policy.models[role];
  const view = createProgressView(terminal, { quiet: input.values.verbose !== true });
  const { number: issue, title, body, sha256, url, hidden_removed: hiddenRemoved } = start.request;
  const world = await makeLocalWorld({
    root: stage.root,
    session: start.session,
    started: new Date(),
    policy,
    policySource: said,
    limits: run.limits,
    models: { initializer: modelOf("initializer"), worker: modelOf("worker"), evaluator: modelOf("evaluator") },
    request: {
      ...{ number: issue, title, body, sha256, url, hiddenRemoved },
      requester: start.requester,
      baseRef: start.base_ref,
    },
    inbox: run.inbox,
    outDir: join(stage.dir, "out"),
    model: createModel({ apiKey: "replay", baseUrl: recorded.url }),
    secrets: [],
    dir: join(stage.dir, `run-${number}`),
    allowDegradedWalls: choiceOption(input, "sandbox", ["required", "degraded-ok"], "required") === "degraded-ok",
    env: terminal.env,
    signal: terminal.signal,
    dryRun: false,
    say: (line) => input.values.verbose === true && view.say(line),
    onEvent: (event, state) => {
      events.push(event);
      view.show(event, state);
    },
  });
  try {
    const result = await runSession(world);
    return { stop: result.stop, given: recorded.given() };
  } finally {
    view.end();
  }
}

/** A repository of its own that borrows the objects of the person's and has one branch: the base, where it stood. */
async function copyBase(repo: string, { start }: Recording, dir: string): Promise<Omit<Stage, "dir">> {
  const place = await findRepository(repo);
  const base = start.base_sha;
  await readGit(repo, "cat-file", "-e", `${base}^{commit}`).catch((cause: unknown) => {
    throw new ConfigError(`The base commit ${base} is not in ${place.root}.`, {
      hint: "Give --repo the repository that the session worked on, with its history fetched.",
      cause,
    });
  });
  const objects = resolve(place.root, await readGit(place.root, "rev-parse", "--git-path", "objects"));
  await mkdir(dir);
  await readGit(dir, "init", "--quiet");
  await writeFile(join(dir, ".git", "objects", "info", "alternates"), `${objects}\n`);
  await readGit(dir, "update-ref", `refs/heads/${start.base_ref}`, base);
  await readGit(dir, "symbolic-ref", "HEAD", `refs/heads/${start.base_ref}`);
  const policyText = await readGit(dir, "show", `${base}:${policyPath}`).catch(() => null);
  return { root: dir, policyText };
}
