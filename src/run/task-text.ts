import { ConfigError } from "../domain/errors.ts";

/** Most characters of a task: as many as GitHub gives the body of an issue. A longer one would fill the context that is to work on it. */
export const maxTaskLength = 65_536;

/** The words of a task, trimmed; null when there are none. Throws ConfigError when there are too many. */
export function readTaskText(text: string): string | null {
  const task = text.trim();
  if (task.length > maxTaskLength)
    throw new ConfigError(`The task has ${task.length} characters; allowed are ${maxTaskLength}, as in an issue.`, {
      hint: "Commit the long part as a file of the repository, and name the file in the task.",
    });
  return task || null;
}
