import { z } from "zod";

const usd = z.number().positive().max(100_000);
const commands = z.array(z.string().min(1).max(4_000)).max(50);
const hosts = z.array(z.string().min(1).max(253)).max(100);
const globs = z.array(z.string().min(1).max(300)).max(200);

/** Prices of one model in USD per million tokens; what is absent is taken from the built-in table or, unknown, from the dearest model. */
export const PriceOverride = z.strictObject({
  input: z.number().nonnegative(),
  output: z.number().nonnegative(),
  cache_write_5m: z.number().nonnegative().optional(),
  cache_write_1h: z.number().nonnegative().optional(),
  cache_read: z.number().nonnegative().optional(),
});
export type PriceOverride = z.infer<typeof PriceOverride>;

/**
 * What `.github/baton.yml` on the default branch allows. Every key has a default; unknown keys are refused, so that a
 * misspelt limit never passes silently. The YAML reader in `policy/` adds file and line to errors.
 */
export const Policy = z.strictObject({
  label: z.string().min(1).max(50).default("baton").describe("The label that starts a session on an issue."),
  models: z
    .strictObject({
      worker: z.string().min(1).default("claude-sonnet-5-5").describe("Does the work; most of the spend is here."),
      evaluator: z.string().min(1).default("claude-opus-5-5").describe("Judges the evidence in a context of its own."),
      initializer: z
        .string()
        .min(1)
        .default("claude-opus-5-5")
        .describe("Reproduces the problem and drafts the contract."),
      helper: z
        .string()
        .min(1)
        .default("claude-haiku-5-5")
        .describe("Reserved for small side questions; no run asks it yet."),
    })
    .prefault({})
    .describe("The model of each role."),
  prices: z
    .record(z.string(), PriceOverride)
    .default({})
    .describe("Overrides of the price table, USD per million tokens."),
  limits: z
    .strictObject({
      run: z
        .strictObject({
          turns: z.int().min(1).max(10_000).default(200).describe("Model answers of one run, all roles counted."),
          usd: usd.default(5).describe("US dollars of one run; reserved before each request."),
          minutes: z
            .number()
            .positive()
            .max(330)
            .default(300)
            .describe("Minutes of one run; a hosted job ends at 360."),
        })
        .prefault({}),
      session: z
        .strictObject({
          usd: usd.default(25).describe("US dollars of all runs of one session."),
          runs: z.int().min(1).max(1_000).default(8).describe("Runs that one session may start."),
        })
        .prefault({}),
      day: z
        .strictObject({
          usd: usd
            .default(50)
            .describe("US dollars of everything in this repository per UTC day, nightly chores included."),
          runs_per_person: z
            .int()
            .min(1)
            .max(10_000)
            .default(20)
            .describe("Runs that one person may start per UTC day."),
        })
        .prefault({}),
    })
    .prefault({})
    .describe("Caps. Inputs and commands can only lower them."),
  setup: commands
    .nullable()
    .default(null)
    .describe("Commands that prepare the base, with network; guessed from the lockfile when absent."),
  oracles: commands.default([]).describe("Commands that decide every contract besides its own criteria."),
  network: hosts.default(["npm"]).describe("Hosts or ecosystems reachable during set-up."),
  work_network: hosts.default([]).describe("Hosts reachable while the model works; none by default."),
  protect: globs.default([]).describe("Paths that the work may not change, besides the built-in list."),
  unprotect: globs.default([]).describe("Exceptions to the protected paths."),
  allowed_bots: z.array(z.int().positive()).max(100).default([]).describe("Account ids of bots that may trigger runs."),
  auto_continue: z.boolean().default(true).describe("Whether a run that ended at a cap starts the next one itself."),
  ready_when_verified: z.boolean().default(true).describe("Whether a verified draft becomes ready for review."),
  keep_state_file: z.boolean().default(false).describe("Whether the state file stays in the verified branch."),
  retain_days: z.int().min(0).max(3_650).default(30).describe("Days a session ref is kept after merge or close."),
  maintenance: z
    .strictObject({
      playbooks: z
        .array(z.string().min(1).max(48))
        .max(50)
        .default([])
        .describe("Names of the playbooks that are switched on."),
      max_open_pull_requests: z
        .int()
        .min(0)
        .max(100)
        .default(3)
        .describe("Open pull requests of chores, above which no new one is started."),
    })
    .prefault({})
    .describe("Nightly chores."),
});
export type Policy = z.infer<typeof Policy>;

/** The policy of a repository without a policy file. */
export const defaultPolicy: Policy = Policy.parse({});

/**
 * Paths that the work may never change (`protect` adds, `unprotect` exempts): what steers CI, agents, git or package
 * managers. Manifests and lockfiles are not here; they are the work's business and the evaluator's suspicion.
 */
export const builtInProtectedPaths: readonly string[] = [
  ".github/**",
  ".baton/**",
  "**/.gitattributes",
  "**/.gitmodules",
  "**/AGENTS.md",
  "**/AGENTS.override.md",
  "**/CLAUDE.md",
  "**/CLAUDE.local.md",
  "**/GEMINI.md",
  ".claude/**",
  ".cursor/**",
  ".codex/**",
  ".mcp.json",
  ".husky/**",
  "**/.npmrc",
  "**/.yarnrc*",
  "**/.pnpmfile.cjs",
  "**/bunfig.toml",
  "**/pip.conf",
  "**/.cargo/config.toml",
  "**/.cargo/config",
  "**/.ripgreprc",
];
