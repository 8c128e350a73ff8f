import { ConfigError } from "../domain/errors.ts";
import type { Policy } from "../domain/policy.ts";
import type { SessionKey } from "../domain/session-key.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "../github/client.ts";
import { loadText } from "../intake/session-facts.ts";
import { playbookOfKey } from "../maintenance/apply-playbook.ts";
import { type Playbook, playbookFolder } from "../maintenance/playbook.ts";
import { type FoundPlaybooks, readPlaybooks } from "../maintenance/read-playbooks.ts";

type Place = RepositoryName & { defaultBranch: string };

/** Reads the named playbooks from the default branch; a broken one is a value beside the others. */
export async function fetchPlaybooks(github: GitHub, place: Place, names: readonly string[]): Promise<FoundPlaybooks> {
  const files = new Map<string, string>();
  for (const name of new Set(names)) {
    const path = `${playbookFolder}/${name}.md`;
    const text = await loadText(github, place, place.defaultBranch, path);
    if (text !== null) files.set(path, text);
  }
  return readPlaybooks(names, files);
}

/** The playbook of a maintenance session, null for any other. Throws ConfigError where the policy does not switch it on. */
export async function fetchOwnPlaybook(
  github: GitHub,
  place: Place,
  session: SessionKey,
  policy: Policy,
): Promise<Playbook | null> {
  const name = playbookOfKey(session)?.name;
  if (name === undefined) return null;
  if (!policy.maintenance.playbooks.includes(name)) {
    throw new ConfigError(`\`maintenance.playbooks\` of the policy does not name ${JSON.stringify(name)} (any more).`, {
      hint: "Add it there, on the default branch, or close the pull request.",
    });
  }
  const { playbooks, broken } = await fetchPlaybooks(github, place, [name]);
  if (broken[0]) throw broken[0].error;
  return playbooks[0] ?? null;
}
