import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { State } from "../../src/domain/state.ts";
import type { WorldCounts } from "../../src/local/world-counts.ts";
import { blobPathOf } from "../../src/session/blobs.ts";
import { readStateFile } from "../../src/session/state-file.ts";
import type { Journey } from "./journey.ts";

/** What people, git and the disk show after a journey, read through the API and the bare repository alone. */
export interface JourneyView {
  counts: WorldCounts;
  statusComments: string[];
  comments: { login: string; body: string }[];
  pullRequest: { number: number; draft: boolean; body: string; state: string; base: string };
  /** Content of a file at the work branch's head. */
  file(path: string): string;
  files(): string[];
  trailers(): string;
  coAuthors(): string[];
  state: State;
  /** Runs that claimed the session. */
  effectiveRuns: number;
  /** Places outside the model's server in which the API key was found. */
  leaks: string[];
}

/** Waits until nothing is under way any more, also not in the App. */
export async function quiet({ world, app }: Journey): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await world.idle();
    await app?.idle();
  }
  await world.idle();
}

/** Waits for quiet and reads what is to be seen. */
export async function settle(journey: Journey, issue: number): Promise<JourneyView> {
  await quiet(journey);
  const { world } = journey;
  const mona = world.as("mona");
  const get = async <T>(path: string): Promise<T> => (await mona.request("GET", path)).body as T;
  const comments = (
    await get<{ user: { login: string }; body: string }[]>(`/repos/acme/app/issues/${issue}/comments`)
  ).map(({ user, body }) => ({ login: user.login, body }));
  const pulls = await get<
    { number: number; draft: boolean; body: string; state: string; base: { ref: string }; head: { ref: string } }[]
  >("/repos/acme/app/pulls?state=all");
  const pull = pulls.find(({ head }) => head.ref.startsWith(`baton/issue-${issue}`)) ?? pulls[0];
  const git = (...args: string[]): string =>
    execFileSync("git", ["--git-dir", world.repo.gitDir, ...args], { encoding: "utf8", maxBuffer: 1 << 26 });
  const branch = `refs/heads/${pull?.head.ref ?? `baton/issue-${issue}`}`;
  const state = readState(git, `refs/baton/issue-${issue}`);
  return {
    counts: await world.snapshotCounts(),
    comments,
    statusComments: comments.filter(({ body }) => body.startsWith("<!-- baton:status")).map(({ body }) => body),
    pullRequest: { ...pull!, base: pull?.base.ref ?? "" },
    file: (path) => git("show", `${branch}:${path}`),
    files: () => git("ls-tree", "-r", "--name-only", branch).trim().split("\n"),
    trailers: () => git("log", "-1", "--format=%(trailers)", branch),
    coAuthors: () =>
      git("log", "--format=%(trailers:key=Co-authored-by,valueonly)", branch).split("\n").filter(Boolean),
    state,
    effectiveRuns: state.runs.length,
    leaks: findLeaks(world.dir, world.canary),
  };
}

function readState(git: (...args: string[]) => string, ref: string): State {
  if (git("for-each-ref", ref) === "") return { runs: [] as State["runs"] } as State;
  return readStateFile(git("show", `${ref}:session/state.json`), (id) =>
    git("show", `${ref}:session/${blobPathOf(id)}`),
  );
}

/** Files of the world (bare repository, artifacts, logs) that hold the key in plain text. The runner's own secret store is memory. */
function findLeaks(dir: string, canary: string): string[] {
  const found: string[] = [];
  // A killed machine's push may still be ending: what vanishes amid the look is no place to keep anything.
  const listOf = (folder: string) => existing(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  const textOf = (path: string) =>
    existing(() => (statSync(path).size < 5_000_000 ? readFileSync(path) : Buffer.alloc(0))) ?? Buffer.alloc(0);
  const walk = (folder: string): void => {
    for (const entry of listOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && textOf(path).includes(canary)) found.push(path);
    }
  };
  walk(dir);
  return found;
}

function existing<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
