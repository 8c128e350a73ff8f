import { sha256 } from "../domain/hash.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "../github/client.ts";
import { ensureSet, noIntentLog } from "../github/ensure-once.ts";
import { markerOf } from "../github/marker.ts";
import { messageOf, statusOf } from "../github/outcome.ts";
import { ensurePullRequest, ensureReady, listPullRequests } from "../github/pull-request.ts";
import { policyFile } from "../intake/fetch-policy.ts";
import { guessSetup } from "../policy/guess-setup.ts";
import { renderPolicyFile } from "../policy/policy-file.ts";
import type { AppHands } from "./app-hands.ts";

/** Branch of the onboarding pull request. */
export const onboardingBranch = "baton/onboarding";

/**
 * One pull request with the commented policy file; silent where the file or a closed pull request is there. What is ours
 * and old is brought up to date; what a person changed stays.
 */
export async function ensureOnboarding(hands: AppHands, installationId: number, name: RepositoryName): Promise<void> {
  const github = hands.installation(installationId);
  const repository = await github.find<{ default_branch: string; html_url: string; archived?: boolean }>(
    "/repos/{owner}/{repo}",
    { ...name },
  );
  if (!repository || repository.archived) return;
  const base = repository.default_branch;
  if (await hasFile(github, name, policyFile, base)) return;
  const earlier = await listPullRequests(github, name, onboardingBranch);
  if (earlier.some((found) => found.state !== "open")) return;
  try {
    await ensureBranch(github, name, base);
    const { logins } = await hands.identity();
    await ensureSet(github, () => writePolicy(github, name, logins));
  } catch (error) {
    // An empty repository has no branch to start from; nothing to set up yet.
    hands.log({ repo: `${name.owner}/${name.repo}`, error: messageOf(error) }, "no onboarding here");
    return;
  }
  const text = renderOnboarding(repository.html_url, base, hands.workflow);
  const outcome = await ensurePullRequest(github, {
    repository: name,
    head: onboardingBranch,
    base,
    title: "Set up Baton",
    placeReport: (existing) => (isUntouched(existing) ? sealed(text) : existing),
    log: noIntentLog,
  });
  // It asks to be merged: a draft could not be.
  if (outcome.kind === "open" && outcome.created) await ensureReady(github, outcome.pullRequest);
  hands.log({ repo: `${name.owner}/${name.repo}`, outcome: outcome.kind }, "onboarding");
}

/** What the pull request says: what happens next, and the link to GitHub's own page for the one file the App may not write. */
export function renderOnboarding(htmlUrl: string, base: string, workflow: string): string {
  const query = new URLSearchParams({ filename: ".github/workflows/baton.yml", value: workflow });
  const link = `${htmlUrl}/new/${encodeURIComponent(base)}?${query}`;
  return [
    "Baton is a coding agent that keeps working after you leave: you label an issue, and a pull request comes back that proves what was done.",
    "",
    "Three steps, in any order:",
    "1. Merge this pull request: it adds the policy, with every default written out.",
    `2. [Add the workflow](${link}). Apps may not write workflows, so GitHub's own page opens with the text filled in.`,
    `3. [Add the secret](${htmlUrl}/settings/secrets/actions/new) \`ANTHROPIC_API_KEY\`.`,
    "",
    "Then put the label `baton` on an issue. Nothing runs before that, and nobody without write permission can start anything.",
  ].join("\n");
}

// The seal in the first line tells our own text, however old, from one that a person edited.
function sealed(text: string): string {
  return `${markerOf("onboarding", sha256(text).slice(0, 16))}\n${text}`;
}

function isUntouched(body: string): boolean {
  return body === "" || body === sealed(body.slice(body.indexOf("\n") + 1));
}

async function ensureBranch(github: GitHub, name: RepositoryName, base: string): Promise<void> {
  const ref = await github.get<{ object: { sha: string } }>("/repos/{owner}/{repo}/git/ref/{+ref}", {
    ...name,
    ref: `heads/${base}`,
  });
  try {
    await github.write("POST /repos/{owner}/{repo}/git/refs", {
      ...name,
      ref: `refs/heads/${onboardingBranch}`,
      sha: ref.data.object.sha,
    });
  } catch (error) {
    if (statusOf(error) !== 422) throw error;
  }
}

async function writePolicy(github: GitHub, name: RepositoryName, ours: readonly string[]): Promise<void> {
  const params = { ...name, path: policyFile, ref: onboardingBranch };
  const found = await github.find<{ sha?: string; content?: string }>("/repos/{owner}/{repo}/contents/{+path}", params);
  const root = await github.find<{ name?: string; type?: string }[]>("/repos/{owner}/{repo}/contents/{+path}", {
    ...params,
    path: "",
  });
  const files = Array.isArray(root)
    ? root.flatMap((entry) => (entry.type === "file" && entry.name ? [entry.name] : []))
    : [];
  const text = renderPolicyFile(guessSetup(files));
  const content = Buffer.from(text).toString("base64");
  if (found?.content && Buffer.from(found.content, "base64").toString("utf8") === text) return;
  if (found && !(await isWrittenBy(github, name, ours))) return;
  await github.write("PUT /repos/{owner}/{repo}/contents/{+path}", {
    ...name,
    path: policyFile,
    branch: onboardingBranch,
    message: "Add the policy of Baton",
    content,
    ...(found?.sha ? { sha: found.sha } : {}),
  });
}

/** Whether nobody but Baton has changed the policy on the onboarding branch. */
async function isWrittenBy(github: GitHub, name: RepositoryName, ours: readonly string[]): Promise<boolean> {
  const commits = await github.list<{ author?: { login?: string } | null }>("/repos/{owner}/{repo}/commits", {
    ...name,
    sha: onboardingBranch,
    path: policyFile,
  });
  return commits.every(({ author }) => ours.includes(author?.login ?? ""));
}

async function hasFile(github: GitHub, name: RepositoryName, path: string, ref: string): Promise<boolean> {
  return (await github.find("/repos/{owner}/{repo}/contents/{+path}", { ...name, path, ref })) !== null;
}
