import type { SessionKey } from "../domain/session-key.ts";
import { markStale } from "../domain/stale-report.ts";
import type { State } from "../domain/state.ts";
import type { GitHub } from "../github/client.ts";
import { ensureSet } from "../github/ensure-once.ts";
import { ensureDraft, fetchPullRequest } from "../github/pull-request.ts";
import type { RepositoryFacts } from "../triggers/reading.ts";
import { fetchRunCondition, loadSessionFacts } from "./session-facts.ts";

interface Head {
  commit?: { tree?: { sha?: string } };
  author?: { login?: string } | null;
}

/**
 * A verified pull request whose branch went on: its report says so, and it is a draft again, so that nobody merges on a
 * verdict about another tree. Nothing while a run of the session is under way: that run writes, and it pushes itself.
 */
export async function showStale(github: GitHub, repository: RepositoryFacts, session: SessionKey): Promise<boolean> {
  const { state } = await loadSessionFacts(github, repository, session);
  const number = Number(state?.published.pull_request);
  if (state?.verdict?.outcome !== "pass" || !Number.isSafeInteger(number)) return false;
  if (["alive", "ending"].includes(await fetchRunCondition(github, repository, state))) return false;
  const pull = await fetchPullRequest(github, repository, number);
  if (pull?.state !== "open" || isOurs(state, pull.head.sha)) return false;
  const head = await github.find<Head>("/repos/{owner}/{repo}/commits/{ref}", { ...repository, ref: pull.head.sha });
  if (!head?.commit?.tree?.sha || head.commit.tree.sha === state.verdict.tree) return false;
  const later = { commit: pull.head.sha, author: head.author?.login ?? "somebody" };
  const body = markStale(pull.body ?? "", state.verdict.tree, later);
  if (body !== pull.body) {
    const params = { owner: repository.owner, repo: repository.repo, pull_number: number, body };
    await ensureSet(github, () => github.write("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", params));
  }
  await ensureDraft(github, pull);
  return true;
}

function isOurs(state: State, commit: string): boolean {
  return commit === state.work_head || `check_run:${commit}` in state.published;
}
