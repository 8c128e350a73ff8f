import { z } from "zod";
import { ConfigError } from "../domain/errors.ts";

const text = z.string().min(1);
const optional = text.nullable().default(null);
const secret = z.string().regex(/^\S+$/, "one word without spaces or line breaks").nullable().default(null);
/** A path inside the repository; `..` and absolute paths never come out of it. */
const path = text.max(400).refine((p) => !p.startsWith("/") && !p.split("/").includes(".."), {
  error: "a path inside the repository, without a leading / and without ..",
});

/** The action's inputs after parsing: the names, defaults and limits of action.yml, held together by `metadata.test.ts`. */
export const ActionInputs = z.strictObject({
  mode: z.enum(["gate", "run", "close"]).default("run"),
  anthropic_api_key: secret,
  github_token: secret,
  app_id: z
    .string()
    .regex(/^(?:\d{1,12}|Iv[A-Za-z0-9.]{5,40})$/, "the App's id (digits) or client id (Iv…)")
    .nullable()
    .default(null),
  app_private_key: z
    .string()
    .regex(
      /^-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+-----END [A-Z ]*PRIVATE KEY-----$/,
      "the whole PEM file, from -----BEGIN to the last -----",
    )
    .nullable()
    .default(null),
  /** The envelope as text; `triggers/` reads it, so that its errors are those of every envelope. 65,535 is GitHub's limit. */
  task: z.string().max(65_535).nullable().default(null),
  prompt: z.string().max(65_535).nullable().default(null),
  prompt_file: path.nullable().default(null),
  issue_number: z.int().positive().nullable().default(null),
  config_file: path.default(".github/baton.yml"),
  label_trigger: text.max(50).nullable().default(null),
  branch_prefix: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*[/-]$/,
      "the start of a branch name that ends with / or -",
    )
    .max(100)
    .default("baton/"),
  base_branch: text.max(250).nullable().default(null),
  model: optional,
  evaluator_model: optional,
  max_turns: z.int().min(1).max(10_000).nullable().default(null),
  max_budget_usd: z.number().positive().max(100_000).nullable().default(null),
  timeout_minutes: z.number().positive().max(330).nullable().default(null),
  sandbox: z.enum(["required", "degraded-ok"]).default("required"),
  dry_run: z.boolean().default(false),
  show_full_output: z.boolean().default(false),
  anthropic_base_url: z
    .url({ protocol: /^https?$/, error: "a URL that begins with https:// or http://" })
    .nullable()
    .default(null),
  working_directory: path.default("."),
});
export type ActionInputs = z.infer<typeof ActionInputs>;

type InputName = keyof typeof ActionInputs.shape;

/** Inputs whose values must never be shown: masked in the log, redacted from the journal, absent from errors. */
export const secretInputs = ["anthropic_api_key", "github_token", "app_private_key"] as const satisfies InputName[];

/** What a person may write for the inputs that are not plain text. */
const allowed: Partial<Record<InputName, string>> = {
  mode: "gate, run or close",
  issue_number: "a whole number from 1",
  max_turns: "a whole number from 1 to 10000",
  max_budget_usd: "US dollars as a number above 0, such as 2.5",
  timeout_minutes: "minutes as a number above 0 and at most 330",
  sandbox: "required or degraded-ok",
  dry_run: "true or false",
  show_full_output: "true or false",
};

const numbers = new Set<InputName>(["issue_number", "max_turns", "max_budget_usd", "timeout_minutes"]);
const switches = new Set<InputName>(["dry_run", "show_full_output"]);

/** The inputs of this step through `get` (empty text means absent). Throws a ConfigError that names input, found and allowed. */
export function readInputs(get: (name: string) => string): ActionInputs {
  const given: Record<string, unknown> = {};
  for (const name of Object.keys(ActionInputs.shape) as InputName[]) {
    const raw = get(name).trim();
    if (raw !== "") given[name] = readValue(name, raw);
  }
  const parsed = ActionInputs.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const name = String(issue.path[0]) as InputName;
    throw wrongInput(name, get(name).trim(), allowed[name] ?? issue.message);
  }
  checkTogether(parsed.data);
  return parsed.data;
}

function readValue(name: InputName, raw: string): unknown {
  if (numbers.has(name)) {
    if (!/^\d+(?:\.\d+)?$/.test(raw)) throw wrongInput(name, raw, allowed[name]!);
    return Number(raw);
  }
  if (switches.has(name)) {
    if (!/^(?:true|false)$/i.test(raw)) throw wrongInput(name, raw, allowed[name]!);
    return raw.toLowerCase() === "true";
  }
  return raw;
}

function checkTogether(inputs: ActionInputs): void {
  if (inputs.prompt !== null && inputs.prompt_file !== null) {
    throw new ConfigError("The inputs `prompt` and `prompt_file` are both set; one of them is allowed.", {
      hint: "Remove one of the two from the workflow.",
    });
  }
  if ((inputs.app_id === null) !== (inputs.app_private_key === null)) {
    const [there, missing] = inputs.app_id === null ? ["app_private_key", "app_id"] : ["app_id", "app_private_key"];
    throw new ConfigError(
      `The input \`${there}\` is set but \`${missing}\` is empty; they are used together or not at all.`,
      {
        hint: `Set \`${missing}\` (is the secret or variable missing?), or remove \`${there}\` to work with the job's own token.`,
      },
    );
  }
}

function wrongInput(name: InputName, raw: string, what: string): ConfigError {
  const hidden = (secretInputs as readonly string[]).includes(name);
  const found = hidden ? `a value of ${raw.length} characters (not shown)` : JSON.stringify(raw.slice(0, 120));
  return new ConfigError(`The input \`${name}\` is ${found}; allowed is: ${what}.`, {
    hint: `Mend \`${name}\` under \`with:\` in the workflow, then trigger again.`,
  });
}
