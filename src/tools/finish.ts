import { z } from "zod";
import type { Tool } from "../domain/tool.ts";

const Input = z.strictObject({
  summary: z.string().min(1).max(2_000),
  criteria: z.array(z.string().max(10)).max(50).optional().describe("Ids that are met; absent = all"),
});
type Input = z.infer<typeof Input>;

/** The worker's claim; Baton runs the oracles before it believes it. With a schema each claim brings a result that fits it. */
export function createFinishTool(result?: z.ZodType): Tool<Input> {
  return {
    name: "finish",
    description:
      "Claim that criteria are met. Baton then runs their checks itself on a clean checkout; a wrong claim comes back with the failures.",
    schema: result ? Input.extend({ result: result.describe("What the person asked to get back, as of now") }) : Input,
    repeatable: true,
    async run(input) {
      const claimed = input.criteria && input.criteria.length > 0 ? input.criteria.join(", ") : "everything";
      return {
        content: `Noted: ${claimed} claimed as done.`,
        isError: false,
        signal: { kind: "finish", summary: input.summary, ...(input.criteria ? { criteria: input.criteria } : {}) },
      };
    },
  };
}
