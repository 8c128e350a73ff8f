import { z } from "zod";
import { Command, CommandPlace } from "./command.ts";
import { SessionKey } from "./session-key.ts";

/** A GitHub account as an event names it. `type` is never trusted for rights, only to leave bots out. */
export const Actor = z.object({ id: z.int().positive(), login: z.string().min(1), type: z.string() });
export type Actor = z.infer<typeof Actor>;

export const RepositoryName = z.object({ owner: z.string().min(1), repo: z.string().min(1) });
export type RepositoryName = z.infer<typeof RepositoryName>;

/** Kinds of trigger, as the envelope stores them. */
export const TriggerKind = z.enum(["label", "command", "review", "schedule", "dispatch", "continuation"]);
export type TriggerKind = z.infer<typeof TriggerKind>;

/** What may start a run, as read from one delivery or one Actions event. Ids, not instructions. */
export const Trigger = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("label"),
    number: z.int().positive(),
    label: z.string(),
    actor: Actor,
  }),
  z.object({
    kind: z.literal("command"),
    number: z.int().positive(),
    onPullRequest: z.boolean(),
    place: CommandPlace.exclude(["review"]),
    commentId: z.int().positive(),
    command: Command,
    actor: Actor,
    at: z.string(),
  }),
  z.object({
    kind: z.literal("review"),
    number: z.int().positive(),
    reviewId: z.int().positive(),
    actor: Actor,
    at: z.string(),
  }),
  z.object({ kind: z.literal("schedule") }),
  z.object({ kind: z.literal("dispatch"), actor: Actor, task: z.string().nullable() }),
  z.object({ kind: z.literal("continuation"), session: SessionKey, hop: z.int().nonnegative() }),
]);
export type Trigger = z.infer<typeof Trigger>;
