import { z } from "zod";

/** One thing that Baton ran itself at evaluation, on exactly one tree. */
export const Evidence = z.object({
  /** `E1`, `E2`, … within one evaluation. */
  id: z.string(),
  /** Criterion decided by it, or null for ratchet, policy and repro runs. */
  criterion: z.string().nullable(),
  kind: z.enum(["oracle", "base_tests_on_head", "head_tests_on_base", "repro", "ratchet", "policy"]),
  command: z.string(),
  outcome: z.enum(["pass", "fail", "flaky", "error"]),
  exit: z.int().nullable(),
  /** Every attempt's exit code, in order; more than one when a failure was repeated. */
  attempts: z.array(z.int().nullable()),
  duration_ms: z.int().nonnegative(),
  /** Git tree hash on which it ran. */
  tree: z.string(),
  output_sha256: z.string(),
  /** Last part of the output, redacted, at most 4,000 characters. */
  tail: z.string().max(4_000),
});
export type Evidence = z.infer<typeof Evidence>;

export const CriterionVerdict = z.object({
  id: z.string(),
  verdict: z.enum(["pass", "fail", "unverifiable"]),
  evidence: z.array(z.string()),
  reason: z.string().max(1_000),
  decided_by: z.enum(["oracle", "judge"]),
});
export type CriterionVerdict = z.infer<typeof CriterionVerdict>;

export const Finding = z.object({
  /** Name of the rule, such as `ratchet/test-lost`, `policy/protected-path`, `judge/behaviour`. */
  rule: z.string(),
  severity: z.enum(["blocker", "advisory"]),
  file: z.string().nullable(),
  line: z.int().positive().nullable(),
  text: z.string().max(1_000),
  evidence: z.array(z.string()).default([]),
});
export type Finding = z.infer<typeof Finding>;

/** The evaluator's judgement of one tree. `unverified` means that something could not be decided; it is never a pass. */
export const Verdict = z.object({
  v: z.literal(1),
  outcome: z.enum(["pass", "fail", "unverified"]),
  /** Tree that was evaluated, without `.baton/`: precisely what is published. */
  tree: z.string(),
  base_sha: z.string(),
  contract_sha256: z.string(),
  criteria: z.array(CriterionVerdict),
  findings: z.array(Finding),
  evidence: z.array(Evidence),
  /** The judge's model, or null when only the oracles decided. */
  judged_by: z.string().nullable(),
  restart: z.object({ why: z.string() }).nullable(),
  /** How tests were counted for the ratchet: `tap`, `junit`, `json`, `source`, `file`. */
  tests_counted_by: z.string(),
});
export type Verdict = z.infer<typeof Verdict>;
