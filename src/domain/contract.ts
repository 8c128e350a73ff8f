import { z } from "zod";
import { canonicalJson, sha256 } from "./hash.ts";

const relativePath = z.string().min(1).max(400);

/** What a command must do to count as passed. All given parts must hold. */
export const Expectation = z.strictObject({
  exit: z.int().min(0).max(255).optional(),
  /** JavaScript regular expression (flags `mu`) that must match stdout. */
  stdout_match: z.string().max(1_000).optional(),
  /** First capture group of `pattern` in stdout, as a number, within bounds: coverage > 80 % is `{pattern, min: 80}`. */
  number: z
    .strictObject({
      pattern: z.string().max(1_000),
      min: z.number().optional(),
      max: z.number().optional(),
      target: z.number().optional(),
      tolerance: z.number().nonnegative().optional(),
    })
    .optional(),
});
export type Expectation = z.infer<typeof Expectation>;

const timeout_s = z.int().min(1).max(1_800).default(300);

/** What decides a criterion. */
export const Oracle = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("command"),
    run: z.string().min(1).max(4_000),
    expect: Expectation.default({ exit: 0 }),
    timeout_s,
  }),
  /** A test command together with the test file it runs; the file exists on the base, is carried, or is written by the worker. */
  z.strictObject({
    type: z.literal("test"),
    run: z.string().min(1).max(4_000),
    path: relativePath,
    expect: Expectation.default({ exit: 0 }),
    timeout_s,
  }),
  z.strictObject({
    type: z.literal("file"),
    path: relativePath,
    exists: z.boolean().default(true),
    match: z.string().max(1_000).optional(),
  }),
  /** Starts a server, asks it once it answers, and ends it. */
  z.strictObject({
    type: z.literal("http"),
    start: z.string().min(1).max(4_000),
    url: z.string().regex(/^http:\/\/(127\.0\.0\.1|localhost):\d+\//, "only http://127.0.0.1:<port>/ can be asked"),
    method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]).default("GET"),
    body: z.string().max(8_000).optional(),
    expect: z.strictObject({
      status: z.int().min(100).max(599).optional(),
      body_match: z.string().max(1_000).optional(),
    }),
    timeout_s,
  }),
  /** Judged by the evaluator on evidence; at most 30 % of the criteria. */
  z.strictObject({ type: z.literal("rubric"), rubric: z.string().min(10).max(2_000) }),
]);
export type Oracle = z.infer<typeof Oracle>;

/** A file that a criterion brings along: overlaid at evaluation, out of the worker's reach. UTF-8 text, at most 64 KiB per criterion together. */
export const CarriedFile = z.strictObject({ path: relativePath, content: z.string().max(65_536) });
export type CarriedFile = z.infer<typeof CarriedFile>;

/** One testable statement and what decides it. */
export const Criterion = z.strictObject({
  id: z.string().regex(/^[A-Z][A-Z0-9]{0,2}[0-9]{1,3}$/, "an id is like C1"),
  text: z.string().min(3).max(1_000),
  kind: z.enum(["behaviour", "regression", "quality", "docs"]).default("behaviour"),
  must: z.boolean().default(true),
  oracle: Oracle,
  files: z.array(CarriedFile).max(20).default([]),
  /** The oracle's test is written by the worker: weaker evidence, and red on the base is demanded of it at evaluation. */
  worker_written: z.boolean().default(false),
  /** Globs of the paths this criterion is expected to touch. */
  touch: z.array(z.string().max(300)).max(50).default([]),
});
export type Criterion = z.infer<typeof Criterion>;

/** What the initializer proposes through its tool; Baton adds the policy's oracles, the hashes and the baseline. */
export const ContractDraft = z.strictObject({
  verdict: z.enum(["work", "already_satisfied", "unclear"]).default("work"),
  summary: z.string().max(2_000).default(""),
  criteria: z.array(Criterion).max(30),
  assumptions: z.array(z.string().max(500)).max(20).default([]),
  out_of_scope: z.array(z.string().max(500)).max(20).default([]),
  questions: z.array(z.string().max(500)).max(10).default([]),
  /** Existing tests whose expectation the request contradicts: only these may change. */
  allowed_test_changes: z
    .array(z.strictObject({ path: relativePath, reason: z.string().min(3).max(500) }))
    .max(20)
    .default([]),
});
export type ContractDraft = z.infer<typeof ContractDraft>;

/** How an oracle behaved on the base, before any work. */
export const Baseline = z.object({
  criterion: z.string(),
  outcome: z.enum(["pass", "fail", "error", "not_run"]),
  exit: z.int().nullable(),
  detail: z.string().max(2_000),
  /** Ids of tests that already fail on the base: neither an excuse nor a trap. */
  known_failures: z.array(z.string()).max(2_000).default([]),
});
export type Baseline = z.infer<typeof Baseline>;

/** What "done" means: written and frozen before the first edit. */
export const Contract = z.object({
  v: z.literal(1),
  request_sha256: z.string(),
  base_sha: z.string(),
  summary: z.string(),
  /** The initializer's criteria, then one per policy oracle with ids `P1`, `P2`, …. */
  criteria: z.array(Criterion),
  assumptions: z.array(z.string()),
  out_of_scope: z.array(z.string()),
  allowed_test_changes: z.array(z.object({ path: z.string(), reason: z.string() })),
  baseline: z.array(Baseline),
  /** What people added by `/continue`, in order; weighs as much as the request. */
  amendments: z.array(z.object({ text: z.string(), actor: z.string(), comment_id: z.int().nullable() })).default([]),
});
export type Contract = z.infer<typeof Contract>;

/** The hash shown in state, journal and pull request. */
export function contractSha256(contract: Contract): string {
  return sha256(canonicalJson(contract));
}
