import { z } from "zod";
import type { Tool } from "../domain/tool.ts";

const Input = z.strictObject({ questions: z.array(z.string().min(1).max(500)).min(1).max(10) });
type Input = z.infer<typeof Input>;

/** Ends the context with questions for a person. */
export function createBlockedTool(): Tool<Input> {
  return {
    name: "blocked",
    description: "Stop and ask a person. Only when the work cannot go on without an answer or a permission.",
    schema: Input,
    repeatable: true,
    run: async ({ questions }) => ({
      content: "Noted: the questions go to a person.",
      isError: false,
      signal: { kind: "blocked", questions },
    }),
  };
}
