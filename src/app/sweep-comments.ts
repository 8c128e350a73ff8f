import { z } from "zod";
import { commandKeyOf } from "../domain/command.ts";
import { describeError } from "../domain/errors.ts";
import type { GitHub } from "../github/client.ts";
import { workflowFile } from "../github/dispatch.ts";
import { readRunName } from "../github/run-name.ts";
import { listRuns } from "../github/runs.ts";
import { renderVisibleText } from "../github/visible-text.ts";
import type { IntakeHands } from "../intake/intake-hands.ts";
import { readDelivery } from "../triggers/read-delivery.ts";
import type { RepositoryFacts } from "../triggers/reading.ts";
import { handleTrigger } from "./handle.ts";

/** How far back commands on issues without a session are looked for, in ms: what nobody answered for a day is stale. */
export const commentsWithinMs = 24 * 3_600_000;

const Comment = z.looseObject({
  id: z.int(),
  created_at: z.string(),
  html_url: z.string(),
  issue_url: z.string(),
  user: z.unknown(),
  reactions: z.object({ eyes: z.int().default(0), confused: z.int().default(0) }).nullish(),
});

/** First commands whose delivery was lost: on issues and pull requests that have no session, where no inbox is read. */
export async function sweepComments(
  hands: IntakeHands,
  installationId: number,
  repository: RepositoryFacts,
  sessions: ReadonlySet<string>,
): Promise<void> {
  const github = hands.installation(installationId);
  const since = new Date((github.serverTime() ?? hands.now()) - commentsWithinMs).toISOString();
  const { owner, repo } = repository;
  const found = await github.list<unknown>("/repos/{owner}/{repo}/issues/comments", { owner, repo, since });
  let rung: Set<string> | null = null;
  for (const value of found) {
    const { data: comment } = Comment.safeParse(value);
    const number = Number(/\/(\d+)$/.exec(comment?.issue_url ?? "")?.[1]);
    if (!comment || !Number.isSafeInteger(number) || Date.parse(comment.created_at) < Date.parse(since)) continue;
    const isOnPullRequest = comment.html_url.includes("/pull/");
    if (sessions.has(`${isOnPullRequest ? "pr" : "issue"}-${number}`)) continue;
    if (comment.reactions?.confused) continue;
    const payload = {
      action: "created",
      comment,
      sender: comment.user,
      installation: { id: installationId },
      repository: { id: repository.id, name: repo, owner: { login: owner }, default_branch: repository.defaultBranch },
      // The rest of the subject is asked anew when the trigger is handled.
      issue: { number, title: "", state: "open", ...(isOnPullRequest ? { pull_request: {} } : {}) },
    };
    const reading = readDelivery("issue_comment", payload, {
      renderVisible: (markdown) => renderVisibleText(markdown).text,
    });
    if (reading.kind !== "trigger" || reading.trigger.kind !== "command" || reading.trigger.command.name === "stop")
      continue;
    // The eyes say that it was seen, not that a run was started: whoever saw it may have been killed in between.
    const isSeen = (comment.reactions?.eyes ?? 0) > 0;
    if (isSeen && reading.trigger.command.name === "status") continue;
    if (isSeen) rung ??= await listRung(github, repository, since);
    if (isSeen && rung?.has(commandKeyOf("comment", comment.id))) continue;
    // One that cannot be handled now must not keep the others waiting.
    await handleTrigger(hands, reading).catch((error: unknown) =>
      hands.log({ number, error: describeError(error) }, "a command could not be handled; the next sweep follows"),
    );
  }
}

/** Keys of the triggers that have a run. */
async function listRung(github: GitHub, repository: RepositoryFacts, since: string): Promise<Set<string>> {
  const { owner, repo } = repository;
  const runs = await listRuns(github, { owner, repo }, workflowFile, `${since.slice(0, 19)}Z`);
  return new Set(runs.flatMap(({ display_title }) => readRunName(display_title)?.eventId ?? []));
}
