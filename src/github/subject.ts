import { z } from "zod";
import { ProtocolError } from "../domain/errors.ts";
import { sha256 } from "../domain/hash.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "./client.ts";
import { renderVisibleText } from "./visible-text.ts";

/** An issue or pull request as it stood at the trigger, its text as it was written: `renderRequest` gives what a reader sees. */
export interface FrozenSubject {
  kind: "frozen";
  number: number;
  isPullRequest: boolean;
  open: boolean;
  merged: boolean;
  title: string;
  body: string;
  /** Hash of title and body as they were written: what the envelope carries. */
  sha256: string;
  url: string;
  authorId: number | null;
  labels: string[];
  head: { ref: string; sha: string; fork: boolean; baseRef: string } | null;
}

/** `edited` names the texts that changed at or after the trigger: what the person saw is no longer known. */
export type SubjectOutcome = FrozenSubject | { kind: "edited"; what: string[] } | { kind: "gone"; why: string };

const shared = `id title body lastEditedAt url state author { login ... on User { databaseId } ... on Bot { databaseId } }
  labels(first: 100) { nodes { name } }
  timelineItems(itemTypes: [RENAMED_TITLE_EVENT], last: 100) { nodes { ... on RenamedTitleEvent { createdAt } } }`;

const query = `query Subject($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    issueOrPullRequest(number: $number) {
      __typename
      ... on Issue { ${shared} }
      ... on PullRequest { ${shared} isCrossRepository headRefName headRefOid baseRefName }
    }
  }
}`;

const Subject = z.object({
  __typename: z.enum(["Issue", "PullRequest"]),
  title: z.string(),
  body: z.string(),
  lastEditedAt: z.string().nullable(),
  url: z.string(),
  state: z.string(),
  author: z.object({ login: z.string(), databaseId: z.int().nullish() }).nullable(),
  labels: z.object({ nodes: z.array(z.object({ name: z.string() })) }).nullish(),
  timelineItems: z.object({ nodes: z.array(z.object({ createdAt: z.string() })) }).nullish(),
  isCrossRepository: z.boolean().optional(),
  headRefName: z.string().optional(),
  headRefOid: z.string().optional(),
  baseRefName: z.string().optional(),
});
const Answer = z.object({ repository: z.object({ issueOrPullRequest: Subject.nullable() }).nullable() });

/**
 * Reads title and body, unless one of them changed at or after `at` (GitHub's time of the trigger, ISO 8601; its clock
 * has seconds, so the same second counts as after). A null `at` reads what stands there now.
 */
export async function fetchSubject(
  github: GitHub,
  repository: RepositoryName,
  number: number,
  at: string | null,
): Promise<SubjectOutcome> {
  const answer = Answer.safeParse(await askSubject(github, repository, number));
  if (!answer.success)
    throw new ProtocolError(answer.error.issues[0]?.message ?? "no fit", {
      source: "GitHub GraphQL, issueOrPullRequest",
    });
  const found = answer.data.repository?.issueOrPullRequest;
  if (!found) return { kind: "gone", why: `there is no issue or pull request ${number}` };
  const edited = at === null ? [] : editedSince(found, Date.parse(at));
  if (edited.length > 0) return { kind: "edited", what: edited };
  const { title, body } = found;
  const isPullRequest = found.__typename === "PullRequest";
  return {
    kind: "frozen",
    number,
    isPullRequest,
    open: found.state === "OPEN",
    merged: found.state === "MERGED",
    title,
    body,
    sha256: subjectSha256(title, body),
    url: found.url,
    authorId: found.author?.databaseId ?? null,
    labels: found.labels?.nodes.map((label) => label.name) ?? [],
    head: isPullRequest
      ? {
          ref: found.headRefName ?? "",
          sha: found.headRefOid ?? "",
          fork: found.isCrossRepository !== false,
          baseRef: found.baseRefName ?? "",
        }
      : null,
  };
}

/** What a reader of GitHub sees of a subject: only a run asks for it, since reading a long text takes a second of its own. */
export function renderRequest(subject: Pick<FrozenSubject, "title" | "body">): {
  title: string;
  body: string;
  sha256: string;
  hiddenRemoved: number;
} {
  const title = renderVisibleText(subject.title.replaceAll("\n", " "));
  const body = renderVisibleText(subject.body);
  return {
    title: title.text.trim(),
    body: body.text,
    sha256: subjectSha256(title.text.trim(), body.text),
    hiddenRemoved: title.hiddenRemoved + body.hiddenRemoved,
  };
}

/** Hash of a request: title, an empty line, body. */
export function subjectSha256(title: string, body: string): string {
  return sha256(`${title}\n\n${body}`);
}

// A number that does not exist is an error of type NOT_FOUND in GraphQL, not a null.
async function askSubject(github: GitHub, repository: RepositoryName, number: number): Promise<unknown> {
  try {
    return await github.query<unknown>(query, { ...repository, number });
  } catch (error) {
    if (error instanceof ProtocolError && /could not resolve/i.test(error.message)) return { repository: null };
    throw error;
  }
}

function editedSince(found: z.infer<typeof Subject>, at: number): string[] {
  const renamed = (found.timelineItems?.nodes ?? []).some(({ createdAt }) => Date.parse(createdAt) >= at);
  const rewritten = found.lastEditedAt !== null && Date.parse(found.lastEditedAt) >= at;
  return [...(renamed ? ["title"] : []), ...(rewritten ? ["description"] : [])];
}
