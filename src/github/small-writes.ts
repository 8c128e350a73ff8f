import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "./client.ts";
import { ensureSet } from "./ensure-once.ts";
import { statusOf } from "./outcome.ts";

export type ReactionPlace =
  | { kind: "issue_comment" | "review_comment"; id: number }
  | { kind: "issue"; number: number };

/**
 * Puts a reaction on a comment, review comment or issue; GitHub keeps one per person and kind. Gives its id, and whether
 * it is new: of several writers at the same time exactly one made it (201; the others get 200).
 */
export async function addReaction(
  github: GitHub,
  repository: RepositoryName,
  on: ReactionPlace,
  content: "eyes" | "rocket" | "+1" | "confused",
): Promise<{ id: number; isNew: boolean }> {
  const { status, data } = await ensureSet(github, () =>
    github.write<{ id: number }>(`POST ${reactionsOf(on)}`, { ...repository, content }),
  );
  return { id: data.id, isNew: status === 201 };
}

/** Takes back a reaction of ours; one that is gone is fine. */
export async function removeReaction(
  github: GitHub,
  repository: RepositoryName,
  on: ReactionPlace,
  id: number,
): Promise<void> {
  try {
    await ensureSet(github, () =>
      github.write(`DELETE ${reactionsOf(on)}/{reaction_id}`, { ...repository, reaction_id: id }),
    );
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
}

function reactionsOf(on: ReactionPlace): string {
  if (on.kind === "issue") return `/repos/{owner}/{repo}/issues/${on.number}/reactions`;
  return `/repos/{owner}/{repo}/${on.kind === "issue_comment" ? "issues" : "pulls"}/comments/${on.id}/reactions`;
}

/** Puts a label on an issue or pull request, creating it in the repository where it does not exist. */
export async function ensureLabel(
  github: GitHub,
  repository: RepositoryName,
  number: number,
  label: string,
): Promise<void> {
  await ensureSet(github, () =>
    github.write("POST /repos/{owner}/{repo}/issues/{issue_number}/labels", {
      ...repository,
      issue_number: number,
      labels: [label],
    }),
  );
}

/** Takes a label off; one that is not there is fine. */
export async function removeLabel(
  github: GitHub,
  repository: RepositoryName,
  number: number,
  label: string,
): Promise<void> {
  try {
    await ensureSet(github, () =>
      github.write("DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", {
        ...repository,
        issue_number: number,
        name: label,
      }),
    );
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
}

/** Deletes a ref by its full name; one that is gone already (404, 422) is fine. */
export async function removeRef(github: GitHub, repository: RepositoryName, ref: string): Promise<void> {
  try {
    await ensureSet(github, () =>
      github.write("DELETE /repos/{owner}/{repo}/git/refs/{+ref}", { ...repository, ref: ref.replace(/^refs\//, "") }),
    );
  } catch (error) {
    if (statusOf(error) !== 404 && statusOf(error) !== 422) throw error;
  }
}
