import { z } from "zod";
import { SessionKey } from "./session-key.ts";
import { TriggerKind } from "./trigger.ts";

/**
 * What a dispatch carries: ids, never instructions, and only a hint; the run re-derives actor, time and text from
 * GitHub by these ids. `subject.sha256` is the hash of title and body as the dispatcher found them.
 */
export const Envelope = z.strictObject({
  v: z.literal(1),
  session: SessionKey,
  trigger: z.strictObject({
    kind: TriggerKind,
    event_id: z.string().max(200),
    comment_id: z.int().positive().nullable(),
    actor_id: z.int().positive().nullable(),
    at: z.iso.datetime(),
  }),
  subject: z.strictObject({ number: z.int().positive().nullable(), sha256: z.string().max(64) }),
  status_comment_id: z.int().positive().nullable(),
  /** How many times this session has rung its own doorbell in a row. */
  hop: z.int().nonnegative(),
});
export type Envelope = z.infer<typeof Envelope>;
