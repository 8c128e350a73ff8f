import type { Actor } from "./auth.ts";
import { emit } from "./events.ts";
import { readCommit } from "./git.ts";
import { showSuite } from "./present-check.ts";
import { showSimpleCommit } from "./present-commit.ts";
import type { CheckSuite, Repo } from "./records.ts";
import type { World } from "./world.ts";

/** The suite of an App for a commit; made when absent. */
export function suiteFor(
  world: World,
  repo: Repo,
  appId: number,
  headSha: string,
  headBranch: string | null,
): CheckSuite {
  const { store } = world;
  for (const suite of store.suites.values()) {
    if (suite.repoId === repo.id && suite.appId === appId && suite.headSha === headSha) return suite;
  }
  const now = store.now();
  const id = store.nextId();
  const suite: CheckSuite = {
    kind: "check_suite",
    id,
    repoId: repo.id,
    appId,
    headSha,
    headBranch,
    createdAt: now,
    updatedAt: now,
  };
  store.suites.set(id, suite);
  return suite;
}

/** After a push: every installed App that may write checks gets its suite and, if it listens, `check_suite.requested`. */
export function requestSuites(world: World, repo: Repo, actor: Actor, headSha: string, branch: string): void {
  for (const installation of world.store.installations.values()) {
    if (installation.accountId !== repo.ownerId || installation.permissions.checks !== "write") continue;
    if (installation.repositoryIds !== null && !installation.repositoryIds.includes(repo.id)) continue;
    const suite = suiteFor(world, repo, installation.appId, headSha, branch);
    if (installation.events.includes("check_suite")) world.later(() => emitSuite(world, suite, "requested", actor));
  }
}

/** Sends a `check_suite` event. */
export async function emitSuite(world: World, suite: CheckSuite, action: string, actor: Actor): Promise<void> {
  const repo = world.store.repos.get(suite.repoId)!;
  const commit = await readCommit(repo.gitDir, suite.headSha);
  if (!commit) return;
  const { repository: _, ...shown } = showSuite(world.store, suite, showSimpleCommit(commit));
  emit(world, { event: "check_suite", action, repo, actor, payload: { check_suite: shown } });
}
