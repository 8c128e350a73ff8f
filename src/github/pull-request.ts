import { z } from "zod";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "./client.ts";
import { ensureOnce, ensureSet, type IntentLog } from "./ensure-once.ts";
import { cutTo, maxBodyLength } from "./marker.ts";
import { messageOf, statusOf } from "./outcome.ts";

const PullRequest = z.object({
  number: z.int(),
  node_id: z.string(),
  html_url: z.string(),
  title: z.string(),
  body: z.string().nullish(),
  state: z.string(),
  draft: z.boolean().nullish(),
  merged_at: z.string().nullish(),
  closed_at: z.string().nullish(),
  head: z.object({ ref: z.string(), sha: z.string(), repo: z.object({ id: z.int() }).nullish() }),
  base: z.object({ ref: z.string(), repo: z.object({ id: z.int() }).nullish() }),
  user: z.object({ id: z.int(), login: z.string() }).nullish(),
});
export type PullRequest = z.infer<typeof PullRequest>;

export interface PullRequestSpec {
  repository: RepositoryName;
  /** Branch names without `refs/heads/`, both in this repository. */
  head: string;
  base: string;
  title: string;
  /** Puts the report into the body that stands there (empty for a new pull request): people's own words around it stay. */
  placeReport(existing: string): string;
  log: IntentLog;
}

/** `refused` keeps the pushed branch and says in plain words what a person can do. */
export type PullRequestOutcome =
  | { kind: "open"; pullRequest: PullRequest; created: boolean }
  | { kind: "refused"; why: "actions_may_not_create" | "no_commits" | "other"; text: string };

/** The one open pull request from head to base: found, or created as a draft; its report brought up to date. */
export async function ensurePullRequest(github: GitHub, spec: PullRequestSpec): Promise<PullRequestOutcome> {
  let created = false;
  try {
    const pullRequest = await ensureOnce<PullRequest>(github, spec.log, {
      key: "pull_request",
      op: "create_pull_request",
      args: { head: spec.head, base: spec.base },
      find: () => findOpenPullRequest(github, spec.repository, spec.head, spec.base),
      act: async () => {
        const made = await create(github, spec);
        created = true;
        return made;
      },
      idOf: (found) => String(found.number),
    });
    return { kind: "open", pullRequest: created ? pullRequest : await updateBody(github, spec, pullRequest), created };
  } catch (error) {
    return explainRefusal(error, spec);
  }
}

/** The open pull request of a branch of this repository, or null. */
export async function findOpenPullRequest(
  github: GitHub,
  repository: RepositoryName,
  head: string,
  base: string | null = null,
): Promise<PullRequest | null> {
  return (
    (await listPullRequests(github, repository, head, "open")).find(
      (found) => base === null || found.base.ref === base,
    ) ?? null
  );
}

/** Pull requests of a branch of this repository, newest first. */
export async function listPullRequests(
  github: GitHub,
  repository: RepositoryName,
  head: string,
  state: "open" | "closed" | "all" = "all",
): Promise<PullRequest[]> {
  const params = { ...repository, state, head: `${repository.owner}:${head}` };
  const raw = await github.list<unknown>("/repos/{owner}/{repo}/pulls", params, 3);
  return raw
    .flatMap((value) => {
      const found = PullRequest.safeParse(value);
      return found.success && found.data.head.ref === head && !isFork(found.data) ? [found.data] : [];
    })
    .sort((a, b) => b.number - a.number);
}

/** Reads one pull request by number, or null. */
export async function fetchPullRequest(
  github: GitHub,
  repository: RepositoryName,
  number: number,
): Promise<PullRequest | null> {
  const found = PullRequest.safeParse(
    await github.find<unknown>("/repos/{owner}/{repo}/pulls/{pull_number}", { ...repository, pull_number: number }),
  );
  return found.success ? found.data : null;
}

/** Whether head and base are in different repositories; a deleted head repository counts as one. */
export function isFork(pullRequest: PullRequest): boolean {
  return !pullRequest.head.repo || pullRequest.head.repo.id !== pullRequest.base.repo?.id;
}

/** Makes a draft ready for review: only GraphQL can (row 64). */
export async function ensureReady(github: GitHub, pullRequest: PullRequest): Promise<void> {
  if (!pullRequest.draft) return;
  await ensureSet(github, () =>
    github.mutate(
      "mutation Ready($id: ID!) { markPullRequestReadyForReview(input: { pullRequestId: $id }) { pullRequest { isDraft } } }",
      {
        id: pullRequest.node_id,
      },
    ),
  );
}

/** Makes a pull request a draft again. */
export async function ensureDraft(github: GitHub, pullRequest: PullRequest): Promise<void> {
  if (pullRequest.draft) return;
  await ensureSet(github, () =>
    github.mutate(
      "mutation Draft($id: ID!) { convertPullRequestToDraft(input: { pullRequestId: $id }) { pullRequest { isDraft } } }",
      {
        id: pullRequest.node_id,
      },
    ),
  );
}

/** Asks people and teams (`org/team`) for a review; asking again changes nothing. */
export async function requestReviewers(
  github: GitHub,
  repository: RepositoryName,
  number: number,
  reviewers: readonly string[],
): Promise<void> {
  await ensureSet(github, () =>
    github.write("POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers", {
      ...repository,
      pull_number: number,
      reviewers: reviewers.filter((name) => !name.includes("/")),
      team_reviewers: reviewers.flatMap((name) => name.split("/")[1] ?? []),
    }),
  );
}

async function create(github: GitHub, spec: PullRequestSpec): Promise<PullRequest> {
  try {
    const { data } = await github.write<unknown>("POST /repos/{owner}/{repo}/pulls", {
      ...spec.repository,
      head: spec.head,
      base: spec.base,
      title: cutTo(spec.title, 256, "…"),
      body: cutTo(spec.placeReport(""), maxBodyLength),
      draft: true,
    });
    return PullRequest.parse(data);
  } catch (error) {
    // Somebody was faster, or our own answer was lost: the pair of head and base is the key (row 57).
    if (statusOf(error) === 422 && /already exists/i.test(messageOf(error))) {
      const found = await findOpenPullRequest(github, spec.repository, spec.head, spec.base);
      if (found) return found;
    }
    throw error;
  }
}

async function updateBody(github: GitHub, spec: PullRequestSpec, found: PullRequest): Promise<PullRequest> {
  const body = cutTo(spec.placeReport(found.body ?? ""), maxBodyLength);
  if (body === (found.body ?? "")) return found;
  await ensureSet(github, () =>
    github.write("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", {
      ...spec.repository,
      pull_number: found.number,
      body,
    }),
  );
  return { ...found, body };
}

function explainRefusal(error: unknown, spec: PullRequestSpec): PullRequestOutcome {
  const status = statusOf(error);
  const message = messageOf(error);
  if (status === 403 && /not permitted to create/i.test(message)) {
    const text =
      `The branch \`${spec.head}\` is pushed, but this repository does not let GitHub Actions create pull requests. ` +
      'Switch on "Allow GitHub Actions to create and approve pull requests" under Settings → Actions → General, or give Baton its App credentials; then comment `/continue`.';
    return { kind: "refused", why: "actions_may_not_create", text };
  }
  if (status === 422 && /no commits between/i.test(message)) {
    return { kind: "refused", why: "no_commits", text: `\`${spec.head}\` has nothing that \`${spec.base}\` has not.` };
  }
  if (status === 403 || status === 404 || status === 422)
    return { kind: "refused", why: "other", text: `GitHub refused the pull request: ${message}` };
  throw error;
}
