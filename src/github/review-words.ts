import { z } from "zod";
import { type Command, commandHeadLength } from "../domain/command.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "./client.ts";
import { fetchEditedNodes } from "./fetch-trigger.ts";
import { type FoundWords, readerOf } from "./inbox.ts";
import { renderVisibleText } from "./visible-text.ts";

/** Longest text of one review that steers, in UTF-16 units; a comment's own limit (`triggers/read-command.ts`). */
const maxReviewText = 20_000;

const user = z.object({ id: z.int(), login: z.string(), type: z.string() }).nullable();
const Review = z.object({
  id: z.int(),
  node_id: z.string(),
  state: z.string(),
  body: z.string().nullish(),
  user,
  submitted_at: z.string().nullish(),
});
const DiffComment = z.object({
  id: z.int(),
  node_id: z.string(),
  pull_request_review_id: z.int().nullish(),
  body: z.string().nullish(),
  path: z.string(),
  line: z.int().nullish(),
  user,
  created_at: z.string(),
});
type Review = z.infer<typeof Review>;
type DiffComment = z.infer<typeof DiffComment>;

export interface ReviewSpec {
  repository: RepositoryName;
  number: number;
  /** Reviews of Baton's own pull request steer; on anybody else's they are said to somebody else. */
  isOurs: boolean;
  since?: string | null;
  parse(visible: string): Command | null;
  headOnly?: boolean;
}

/** Commands in comments on lines, and reviews that request changes: each counts as `/continue` with its text and its comments on lines. */
export async function fetchReviewWords(github: GitHub, spec: ReviewSpec): Promise<FoundWords[]> {
  const params = { ...spec.repository, pull_number: spec.number };
  const reviews = parseAll(
    Review,
    await github.list<unknown>("/repos/{owner}/{repo}/pulls/{pull_number}/reviews", params),
  );
  // Without `since`: what was drafted long ago becomes visible only with its review.
  const comments = parseAll(
    DiffComment,
    await github.list<unknown>("/repos/{owner}/{repo}/pulls/{pull_number}/comments", params),
  );
  const submitted = new Map(reviews.map(({ id, submitted_at }) => [id, submitted_at]));
  const words: FoundWords[] = [];
  const plain: DiffComment[] = [];
  for (const comment of comments) {
    const at = submitted.get(comment.pull_request_review_id ?? 0) ?? comment.created_at;
    if (!comment.user || isBefore(at, spec.since)) continue;
    const read = readerOf(comment.body ?? "", spec);
    const { id, node_id: nodeId } = comment;
    if (!read) plain.push(comment);
    else words.push({ place: "review_comment", id, nodeId, number: spec.number, user: comment.user, at, read });
  }
  for (const review of spec.isOurs ? reviews : []) {
    const { id, node_id: nodeId, submitted_at: at } = review;
    if (review.state.toUpperCase() !== "CHANGES_REQUESTED" || !review.user || !at || isBefore(at, spec.since)) continue;
    const read = () => readReview(github, spec, review, plain);
    words.push({ place: "review", id, nodeId, number: spec.number, user: review.user, at, read });
  }
  return words;
}

async function readReview(
  github: GitHub,
  spec: ReviewSpec,
  review: Review,
  comments: readonly DiffComment[],
): Promise<Command> {
  const source = spec.headOnly ? review.body?.slice(0, commandHeadLength) : review.body;
  const body = renderVisibleText(source ?? "").text.trim();
  const command = spec.parse(body);
  if (command && command.name !== "continue") return command;
  if (spec.headOnly) return command ?? { name: "continue", text: "", budget_usd_micro: null, turns: null };
  const own = comments.filter(
    (one) => one.pull_request_review_id === review.id && one.user?.id === review.user?.id && one.body,
  );
  const edited =
    own.length > 0
      ? await fetchEditedNodes(
          github,
          own.map(({ node_id }) => node_id),
        )
      : new Set<string>();
  const parts = own.map((one) => {
    const place = `\`${one.path}\`${one.line ? `, line ${one.line}` : ""}`;
    if (edited.has(one.node_id)) return `${place}: (left out: this comment was edited after it was written)`;
    return `${place}: ${renderVisibleText(one.body ?? "").text.trim()}`;
  });
  const asked = command ?? { name: "continue", text: body, budget_usd_micro: null, turns: null };
  const text = [asked.text, ...parts].filter(Boolean).join("\n\n").slice(0, maxReviewText);
  return { ...asked, text };
}

function isBefore(at: string, since: string | null | undefined): boolean {
  return since !== null && since !== undefined && Date.parse(at) < Date.parse(since);
}

function parseAll<T extends z.ZodType>(schema: T, values: readonly unknown[]): z.infer<T>[] {
  return values.flatMap((value) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? [parsed.data] : [];
  });
}
