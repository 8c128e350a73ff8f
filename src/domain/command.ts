import { z } from "zod";

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
