import { z } from "zod";
import type { Tool } from "../domain/tool.ts";

const line = z.string().max(400);
const because = z.array(z.strictObject({ what: line, why: line })).max(8);

const Input = z.strictObject({
  done: z.array(line).max(8),
  in_progress: z.string().max(600),
  next_steps: z.array(line).max(6),
  decisions: because,
  tried_and_failed: because,
  gotchas: z.array(line).max(6),
  questions_for_human: z.array(line).max(6),
});
type Input = z.infer<typeof Input>;

/** The note to the next context, which knows nothing else of this one. */
export function createHandoffTool(): Tool<Input> {
  return {
    name: "handoff",
    description:
      "Leave the note from which another engineer goes on without this conversation. Only what the repository and contract do not show; mark guesses; next_steps name file:line or command.",
    schema: Input,
    repeatable: true,
    run: async (note) => ({ content: "Noted.", isError: false, signal: { kind: "handoff", note } }),
  };
}
