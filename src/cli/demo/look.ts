import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Event } from "../../domain/event.ts";
import { SessionKey } from "../../domain/session-key.ts";
import type { State } from "../../domain/state.ts";
import { openStore } from "../../git/store.ts";
import type { Bill } from "../../local/model/bill.ts";
import type { World } from "../../local/world.ts";
import type { WorldCounts } from "../../local/world-counts.ts";
import { createDiskFiles } from "../../session/files.ts";
import { restoreSession } from "../../session/restore.ts";
import { loadRemoteState, openBareRepository } from "./bare-repository.ts";
import { deciders } from "./library.ts";
import { playbookName } from "./night.ts";

const execute = promisify(execFile);

export interface PullRequestFacts {
  number: number;
  title: string;
  body: string;
  state: string;
  draft: boolean;
  url: string;
  head: { ref: string; sha: string };
  checks: { name: string; conclusion: string | null; title: string }[];
  commits: string[];
}

/** What the demo ran itself, in a clone that Baton never saw. */
export interface OwnCheck {
  /** Text of each file at the branch's head. */
  files: Record<string, string>;
  /** Tree of the head as it is, and as it is without `.baton/`. */
  tree: string;
  bareTree: string;
  suite: { isGreen: boolean; tail: string };
  /** Whether the test of each criterion passes on it. */
  deciders: Record<string, boolean>;
}

/** Everything that is there at the end, read from GitHub's API and from git alone. */
export interface StoryFacts {
  session: string;
  state: State | null;
  /** Null when the session's journal cannot be read. */
  events: readonly Event[] | null;
  unreadable: string | null;
  pull: PullRequestFacts | null;
  /** The pull request of the nightly session, with its README. */
  night: (PullRequestFacts & { readme: string | null }) | null;
  /** States of every other session that is on the remote. */
  others: State[];
  /** Branches that pull requests come from, one entry for each. */
  pullBranches: string[];
  /** Comments on the issue by bots, newest last; those that are the status comment carry its mark. */
  botComments: string[];
  counts: WorldCounts;
  own: OwnCheck | null;
  bill: Bill | null;
  modelProblems: readonly string[];
  workflowRuns: { title: string; event: string; conclusion: string | null }[];
}

/** Looks at the world after the story. `outDir` gets session, clone and artifacts. */
export async function lookAround(world: World, issue: number, outDir: string): Promise<StoryFacts> {
  const session = `issue-${issue}`;
  const found = await loadStory(world, session, outDir);
  const pull = await fetchPull(world, (branch) => branch === `baton/${session}`);
  const comments = (await world.as("mona").request("GET", `/repos/${world.repository}/issues/${issue}/comments`))
    .body as { body: string; user: { type: string } }[];
  await cp(world.runner.artifactsDir, join(outDir, "artifacts"), { recursive: true }).catch(() => {});
  return {
    session,
    ...found,
    pull,
    night: await fetchNight(world),
    others: await loadOthers(world, session),
    pullBranches: await fetchPullBranches(world),
    botComments: comments.filter(({ user }) => user.type === "Bot").map(({ body }) => body),
    counts: await world.snapshotCounts(),
    own: pull ? await checkItself(world, pull.head.ref, outDir) : null,
    bill: world.model?.bill() ?? null,
    modelProblems: world.model?.problems() ?? [],
    workflowRuns: world.github.actions.runs.map(({ display_title: title, event, conclusion }) => ({
      title,
      event,
      conclusion,
    })),
  };
}

async function loadStory(
  world: World,
  session: string,
  outDir: string,
): Promise<Pick<StoryFacts, "state" | "events" | "unreadable">> {
  const store = await openStore({ dir: join(outDir, "store.git"), remote: { url: world.repo.gitDir } });
  try {
    const key = SessionKey.parse(session);
    const found = await restoreSession(store, createDiskFiles(), key, join(outDir, "session"));
    if (!found) return { state: null, events: null, unreadable: null };
    const { state, events, problems } = found.restored;
    return { state, events, unreadable: events.length === 0 ? problems.join(" ") : null };
  } catch (error) {
    return { state: null, events: null, unreadable: error instanceof Error ? error.message : String(error) };
  } finally {
    store.close();
    await rm(join(outDir, "store.git"), { recursive: true, force: true });
  }
}

async function loadOthers(world: World, session: string): Promise<State[]> {
  const bare = openBareRepository(world.repo.gitDir);
  const refs = (await bare.git(["for-each-ref", "--format=%(refname)", "refs/baton/"])).split("\n").filter(Boolean);
  const states = await Promise.all(
    refs.filter((ref) => ref !== `refs/baton/${session}`).map((ref) => loadRemoteState(bare, ref)),
  );
  return states.filter((state) => state !== null);
}

async function fetchPullBranches(world: World): Promise<string[]> {
  const { body } = await world.as("mona").request("GET", `/repos/${world.repository}/pulls?state=all`);
  return body.map((one: { head: { ref: string } }) => one.head.ref);
}

async function fetchNight(world: World): Promise<StoryFacts["night"]> {
  const pull = await fetchPull(world, (branch) => branch.includes(`maintenance-${playbookName}`));
  if (!pull) return null;
  const bare = openBareRepository(world.repo.gitDir);
  const readme = await bare.git(["show", `refs/heads/${pull.head.ref}:README.md`]).catch(() => null);
  return { ...pull, readme: readme === null ? null : `${readme}\n` };
}

/** The pull request from a branch, as a person sees it. */
export async function fetchPull(world: World, isBranch: (name: string) => boolean): Promise<PullRequestFacts | null> {
  const mona = world.as("mona");
  const get = async (path: string) => (await mona.request("GET", `/repos/${world.repository}${path}`)).body;
  const pull = (await get("/pulls?state=all")).find((one: { head: { ref: string } }) => isBranch(one.head.ref));
  if (!pull) return null;
  const { check_runs: checks } = await get(`/commits/${pull.head.sha}/check-runs`);
  const commits = await get(`/pulls/${pull.number}/commits`);
  return {
    number: pull.number,
    title: pull.title,
    body: pull.body ?? "",
    state: pull.state,
    draft: pull.draft,
    url: pull.html_url,
    head: { ref: pull.head.ref, sha: pull.head.sha },
    checks: checks.map((one: { name: string; conclusion: string | null; output: { title: string | null } }) => ({
      name: one.name,
      conclusion: one.conclusion,
      title: one.output.title ?? "",
    })),
    commits: commits.map((one: { commit: { message: string } }) => one.commit.message.split("\n")[0]),
  };
}

/** Clones the branch, runs the suite, and then each criterion's test on it: the demo's word against Baton's. */
async function checkItself(world: World, branch: string, outDir: string): Promise<OwnCheck> {
  const bare = openBareRepository(world.repo.gitDir);
  const clone = join(outDir, "clone");
  await bare.git(["clone", "--quiet", "--branch", branch, world.repo.gitDir, clone]);
  const files: Record<string, string> = {};
  for (const entry of await readdir(clone, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(clone.length + 1);
    if (entry.isFile() && !path.startsWith(".git/")) files[path] = await readFile(join(clone, path), "utf8");
  }
  const suite = await runTests(clone, ["--test"]);
  const decided: Record<string, boolean> = {};
  for (const [id, { path, content }] of Object.entries(deciders)) {
    const copy = join(outDir, "checks", id);
    await cp(clone, copy, { recursive: true });
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await writeFile(join(copy, path), content);
    decided[id] = (await runTests(copy, [path])).isGreen;
  }
  await rm(join(outDir, "checks"), { recursive: true, force: true });
  const tree = await bare.git(["rev-parse", `refs/heads/${branch}^{tree}`]);
  return { files, tree, bareTree: await treeWithoutBaton(world, branch, outDir), suite, deciders: decided };
}

async function treeWithoutBaton(world: World, branch: string, outDir: string): Promise<string> {
  const bare = openBareRepository(world.repo.gitDir);
  const indexFile = join(outDir, "index");
  await bare.git(["read-tree", `refs/heads/${branch}`], { indexFile });
  const workTree = `--work-tree=${join(outDir, "clone")}`;
  await bare.git([workTree, "rm", "-r", "-q", "--cached", "--ignore-unmatch", "--", ".baton"], { indexFile });
  const tree = await bare.git(["write-tree"], { indexFile });
  await rm(indexFile, { force: true });
  return tree;
}

async function runTests(cwd: string, args: readonly string[]): Promise<OwnCheck["suite"]> {
  const env = { PATH: process.env.PATH, HOME: cwd };
  try {
    const { stdout } = await execute(process.execPath, [...args], { cwd, env, timeout: 120_000 });
    return { isGreen: true, tail: stdout.slice(-2_000) };
  } catch (error) {
    const { stdout = "" } = error as { stdout?: string };
    return { isGreen: false, tail: stdout.slice(-2_000) };
  }
}
