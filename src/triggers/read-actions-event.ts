import { z } from "zod";
import { Envelope } from "../domain/envelope.ts";
import { readDelivery } from "./read-delivery.ts";
import type { Reading, ReadingHands } from "./reading.ts";

/** What the Actions runner says about why it runs: `GITHUB_EVENT_NAME`, the event file, and the action's own inputs. */
export interface ActionsEvent {
  name: string;
  payload: unknown;
  /** The `task` input: an envelope as JSON, or empty. */
  task: string | null;
}

/** A reading of an Actions event; a dispatch may carry an envelope, which is a hint to be re-derived. */
export type ActionsReading =
  | Reading
  | { kind: "envelope"; envelope: Envelope; sender: { id: number; login: string; type: string } };

const DispatchPayload = z.object({
  repository: z.object({
    id: z.int().positive(),
    name: z.string().min(1),
    owner: z.object({ login: z.string().min(1) }),
    default_branch: z.string().default("main"),
  }),
  sender: z.object({ id: z.int().positive(), login: z.string().min(1), type: z.string().default("User") }).optional(),
});

/** Reads the event of an Actions job with the same code as a webhook delivery; `schedule` and `workflow_dispatch` exist only here. */
export function readActionsEvent(event: ActionsEvent, hands: ReadingHands): ActionsReading {
  if (event.name !== "schedule" && event.name !== "workflow_dispatch")
    return readDelivery(event.name, event.payload, hands);
  const payload = DispatchPayload.safeParse(event.payload);
  if (!payload.success)
    return { kind: "ignored", reason: `the ${event.name} event does not name its repository and sender` };
  const { repository, sender } = payload.data;
  const common = {
    repository: {
      id: repository.id,
      owner: repository.owner.login,
      repo: repository.name,
      defaultBranch: repository.default_branch,
    },
    installationId: null,
    subject: null,
    viaAppId: null,
  };
  if (event.name === "schedule") return { kind: "trigger", trigger: { kind: "schedule" }, ...common };
  if (!sender) return { kind: "ignored", reason: "the dispatch names no sender" };
  const task = event.task?.trim() ?? "";
  if (task.startsWith("{")) return readTask(task, sender);
  return { kind: "trigger", trigger: { kind: "dispatch", actor: sender, task: task === "" ? null : task }, ...common };
}

function readTask(task: string, sender: { id: number; login: string; type: string }): ActionsReading {
  let value: unknown;
  try {
    value = JSON.parse(task);
  } catch {
    return { kind: "ignored", reason: "the task input is not JSON" };
  }
  const envelope = Envelope.safeParse(value);
  if (!envelope.success) {
    const issue = envelope.error.issues[0];
    return {
      kind: "ignored",
      reason: `the task input is not an envelope: ${issue?.path.map(String).join(".")}: ${issue?.message}`,
    };
  }
  return { kind: "envelope", envelope: envelope.data, sender };
}
