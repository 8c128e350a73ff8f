import { describeError } from "../domain/errors.ts";
import { noIntentLog } from "../github/ensure-once.ts";
import { ensureAnswer } from "../github/status-comment.ts";
import type { Door } from "./door.ts";
import type { Identity } from "./identity.ts";

/** Says a mistake of the configuration on the issue or pull request it happened for: once per run, nothing is lost by it. */
export async function explainMistake(door: Door, identity: Identity, error: unknown): Promise<void> {
  const number = subjectOf(door);
  if (number === null) return;
  await ensureAnswer(identity.github, {
    repository: door.repository,
    number,
    key: mistakeKeyOf(door),
    body: `Baton could not start: ${describeError(error)}\n\n[Run](${door.run.url})`,
    authors: identity.logins,
    log: noIntentLog,
  });
}

/** Key of the answer that says why a job could not even start. */
export function mistakeKeyOf({ run }: Door): string {
  return `mistake-${run.id}`;
}

function subjectOf({ inputs, event }: Door): number | null {
  const payload = event.payload as { issue?: { number?: unknown }; pull_request?: { number?: unknown } } | null;
  const named =
    /"subject":\{"number":(\d+)/.exec(inputs.task ?? "")?.[1] ??
    /"session":"(?:issue|pr)-(\d+)"/.exec(inputs.task ?? "")?.[1];
  const found =
    inputs.issue_number ?? payload?.issue?.number ?? payload?.pull_request?.number ?? (named ? Number(named) : null);
  return typeof found === "number" ? found : null;
}
