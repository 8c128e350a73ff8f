import { z } from "zod";

/** What the judge hands in through its `verdict` tool: opinions, until Baton has checked each. */
export const Judgement = z.object({
  criteria: z
    .array(
      z.object({
        id: z.string(),
        verdict: z.enum(["pass", "fail", "unverifiable"]),
        evidence: z.array(z.string()).max(50).default([]),
        reason: z.string().default(""),
      }),
    )
    .max(60),
  findings: z
    .array(
      z.object({
        severity: z.enum(["blocker", "advisory"]),
        file: z.string().optional(),
        line: z.int().positive().optional(),
        what: z.string().min(1),
        repro: z.string().max(4_000).optional(),
      }),
    )
    .max(50)
    .default([]),
  restart: z.object({ why: z.string().min(1) }).optional(),
});
export type Judgement = z.infer<typeof Judgement>;

/** The judge's answer after parsing, or why there is none. */
export type Judged = { kind: "judged"; judgement: Judgement; model: string } | { kind: "none"; why: string };

/** Parses what came from the judge; whatever does not fit is no judgement at all. */
export function readJudgement(value: unknown, model: string): Judged {
  const parsed = Judgement.safeParse(value);
  if (parsed.success) return { kind: "judged", judgement: parsed.data, model };
  const issue = parsed.error.issues[0];
  return {
    kind: "none",
    why: `the judge's answer does not fit: ${issue?.path.join(".") || "it"}: ${issue?.message ?? "unreadable"}`,
  };
}
