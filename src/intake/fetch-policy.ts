import { ConfigError } from "../domain/errors.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "../github/client.ts";
import { type FoundPolicy, readFoundPolicy } from "../policy/read-policy.ts";

export const policyFile = ".github/baton.yml";

export type PolicyOutcome =
  | ({ kind: "policy" } & FoundPolicy)
  | { kind: "mistaken"; text: string; sha: string; source: string };

/** The policy on the default branch, and only there; a mistake in it is a value with the sentence for people. */
export async function fetchPolicy(
  github: GitHub,
  repository: RepositoryName,
  defaultBranch: string,
  file = policyFile,
): Promise<PolicyOutcome> {
  const found = await github.find<{ content?: string; sha?: string }>("/repos/{owner}/{repo}/contents/{+path}", {
    ...repository,
    path: file,
    ref: defaultBranch,
  });
  const text = found?.content === undefined ? null : Buffer.from(found.content, "base64").toString("utf8");
  try {
    return { kind: "policy", ...readFoundPolicy(text, file) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { kind: "mistaken", text: `${error.message} ${error.hint}`, sha: found?.sha ?? "", source: text ?? "" };
  }
}
