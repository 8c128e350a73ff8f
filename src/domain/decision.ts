import type { Envelope } from "./envelope.ts";
import type { SessionKey } from "./session-key.ts";

/** What follows from a trigger, each with its reason in one sentence for the log. */
export type Decision =
  /** Ring the doorbell: start a run of this session. */
  | { kind: "dispatch"; envelope: Envelope; reason: string }
  /** A run of the session is alive and reads the command from its inbox: acknowledge, start nothing. */
  | { kind: "accept"; session: SessionKey; reason: string }
  /** Answer with where the session stands; starts nothing. */
  | { kind: "status"; session: SessionKey; reason: string }
  /** End the session's run between two turns. */
  | { kind: "stop"; session: SessionKey; reason: string }
  /** One civil sentence, once; starts nothing. */
  | { kind: "answer"; text: string; reason: string }
  /** Nothing visible happens. `retryable` is true when the rule failed closed on a question that may be asked again later. */
  | { kind: "ignore"; retryable: boolean; reason: string };
