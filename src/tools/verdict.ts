import { z } from "zod";
import type { Tool } from "../domain/tool.ts";

/** What the evaluator's judge says; it can lower what the oracles found, never raise it. */
export const Judgement = z.strictObject({
  criteria: z
    .array(
      z.strictObject({
        id: z.string().max(10),
        verdict: z.enum(["pass", "fail", "unverifiable"]),
        evidence: z.array(z.string().max(10)).max(20),
        reason: z.string().max(600),
      }),
    )
    .max(50),
  findings: z
    .array(
      z.strictObject({
        severity: z.enum(["blocker", "advisory"]),
        file: z.string().max(400).optional(),
        line: z.int().positive().optional(),
        what: z.string().max(600),
        repro: z.string().max(2_000).optional().describe("Command that fails because of it; Baton runs it"),
      }),
    )
    .max(30),
  restart: z.strictObject({ why: z.string().max(600) }).optional(),
});
export type Judgement = z.infer<typeof Judgement>;

/** The evaluator's one result. */
export function createVerdictTool(): Tool<Judgement> {
  return {
    name: "verdict",
    description:
      "Judge every criterion on the evidence (ids such as E1). A blocker needs a repro command that Baton can run. restart only when the approach cannot be mended.",
    schema: Judgement,
    repeatable: true,
    run: async (judgement) => ({ content: "Received.", isError: false, signal: { kind: "judgement", judgement } }),
  };
}
