import { z } from "zod";

/**
 * Where a person's words stand: a comment on an issue or pull request, a comment on a line of a diff, or a review that
 * requests changes. GitHub numbers each of the three by itself.
 */
export const CommandPlace = z.enum(["comment", "review_comment", "review"]);
export type CommandPlace = z.infer<typeof CommandPlace>;

/** Key of a person's words, equal for every way on which they are met. */
export function commandKeyOf(place: CommandPlace, id: number): string {
  return `${place.replace("_", "-")}-${id}`;
}

/** A command of a comment: the first visible line, alone. `text` is what stood after it (visible text only). */
export const Command = z.discriminatedUnion("name", [
  z.object({
    name: z.literal("continue"),
    text: z.string(),
    budget_usd_micro: z.int().positive().nullable(),
    turns: z.int().positive().nullable(),
  }),
  z.object({ name: z.literal("stop") }),
  z.object({ name: z.literal("status") }),
  z.object({ name: z.literal("retry"), text: z.string() }),
]);
export type Command = z.infer<typeof Command>;

/** How much of a text is looked at, in UTF-16 units, to see whether it commands: enough for a line, and so little that nobody's text holds others up. */
export const commandHeadLength = 1_000;
