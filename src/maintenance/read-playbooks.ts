import { ConfigError } from "../domain/errors.ts";
import { builtInPlaybooks } from "./built-in-playbooks.ts";
import { type Playbook, playbookFolder } from "./playbook.ts";
import { readPlaybook } from "./read-playbook.ts";

/** The playbooks that the policy switches on, and what is wrong with the others; a broken one never stops the rest. */
export interface FoundPlaybooks {
  playbooks: Playbook[];
  broken: { name: string; error: ConfigError }[];
}

/** Reads the playbooks named by the policy from the files of the default branch (path → text); a file wins over a built-in of the same name. */
export function readPlaybooks(names: readonly string[], files: ReadonlyMap<string, string>): FoundPlaybooks {
  const found: FoundPlaybooks = { playbooks: [], broken: [] };
  for (const name of new Set(names)) {
    const path = `${playbookFolder}/${name}.md`;
    const text = files.get(path) ?? builtInPlaybooks.get(name);
    try {
      if (text === undefined) {
        throw new ConfigError(
          `\`maintenance.playbooks\` names ${JSON.stringify(name)}, but there is no ${path} and no built-in of that name; built in are: ${[...builtInPlaybooks.keys()].join(", ")}.`,
          {
            hint: `Write ${path} on the default branch, or correct the name.`,
          },
        );
      }
      found.playbooks.push(readPlaybook(text, files.has(path) ? path : `built-in/${name}.md`));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      found.broken.push({ name, error });
    }
  }
  return found;
}
