/** Writes docs/policy.md from the schema of the policy: `node scripts/write-policy-reference.ts`; with `--check` it only compares. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { builtInProtectedPaths, defaultPolicy, Policy } from "../src/domain/policy.ts";
import { guessRules } from "../src/policy/guess-setup.ts";
import { ecosystemNames, readAllowList } from "../src/sandbox/allow-list.ts";

/** Path of the document within the repository. */
export const policyReferencePath = "docs/policy.md";

interface Node {
  type?: string;
  description?: string;
  properties?: Record<string, Node>;
  additionalProperties?: Node | false;
  anyOf?: Node[];
  items?: Node;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
}

/** One row per key that takes a value, as `limits.run.usd`; blocks only give their keys a place. */
function rowsOf(node: Node, path: readonly string[], said = ""): string[] {
  if (node.properties)
    return Object.entries(node.properties).flatMap(([key, child]) =>
      rowsOf(child, [...path, key], node.description ?? said),
    );
  const text = node.description ?? said;
  const preset = path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], defaultPolicy);
  return [
    `| \`${path.join(".")}\` | ${typeOf(node)} | ${preset === null ? "guessed" : `\`${JSON.stringify(preset)}\``} | ${text} |`,
  ];
}

function typeOf(node: Node): string {
  const plain = node.anyOf?.find(({ type }) => type !== "null") ?? node;
  switch (plain.type) {
    case "array":
      return `list of at most ${plain.maxItems}; each ${typeOf(plain.items ?? {})}`;
    case "string":
      return plain.maxLength ? `text, at most ${plain.maxLength} characters` : "text";
    case "integer":
      return `whole number ${rangeOf(plain)}`.trim();
    case "number":
      return `number ${rangeOf(plain)}`.trim();
    case "object":
      return "block, one entry per model name";
    default:
      return "`true` or `false`";
  }
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: Node): string {
  const low = exclusiveMinimum === undefined ? `from ${minimum ?? 0}` : `above ${exclusiveMinimum}`;
  return maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `${low} up to ${maximum}` : low;
}

/** The document's text, computed from the schema and the tables beside it. */
export function renderPolicyReference(): string {
  const schema = z.toJSONSchema(Policy, { io: "input" }) as Node;
  return [
    "# Policy: `.github/baton.yml`",
    "",
    "<!-- Written by scripts/write-policy-reference.ts from src/domain/policy.ts; do not edit. -->",
    "",
    "What Baton may do in a repository. Only the file on the **default branch** counts: a change in a pull request steers",
    "nothing until it is merged. No file means the defaults, and the report says so. An unknown key, a wrong type or an",
    "impossible value ends the run as `config_error` with file, line, what was found and what is allowed. Inputs of the action",
    "and flags of the command line can only lower the limits.",
    "",
    "`baton init` writes the file with every default and a set-up guessed from your lockfile; `baton doctor` checks it.",
    "Editors check it with `# yaml-language-server: $schema=` and the path or address of",
    "[schema/baton.schema.json](../schema/baton.schema.json).",
    "",
    "## Keys",
    "",
    "| key | takes | default | meaning |",
    "| --- | --- | --- | --- |",
    ...rowsOf(schema, []),
    "",
    "An entry of `prices` has `input` and `output`, and may have `cache_write_5m`, `cache_write_1h` and `cache_read`, all in",
    "US dollars per million tokens. A model without a known price is counted as the dearest one.",
    "",
    "## `setup` when it is absent",
    "",
    "Guessed from files in the root of the base, or in the action's `working_directory`; the first match of each language wins,",
    "and the report says what was run.",
    "Write `setup: []` for none. Set-up runs on the base, inside the walls, with the network below and without any secret. What it",
    "leaves untracked is never published, whether or not the repository ignores it.",
    "",
    "| file | commands | network |",
    "| --- | --- | --- |",
    ...guessRules.map(
      ({ file, commands, network }) =>
        `| \`${file}\` | ${commands.map((one) => `\`${one.replaceAll("|", "\\|")}\``).join(", then ")} | \`${network}\` |`,
    ),
    "",
    "## `network` and `work_network`",
    "",
    "An entry is a host (`example.org`, ports 80 and 443), a host with a port (`example.org:8443`), everything below a name",
    "(`*.example.org`), or the name of an ecosystem:",
    "",
    "| name | hosts |",
    "| --- | --- |",
    ...ecosystemNames.map(
      (name) =>
        `| \`${name}\` | ${readAllowList([name])
          .map(({ host }) => `\`${host}\``)
          .join(", ")} |`,
    ),
    "",
    "`npm` and `pip` mean the registry that the runner's own client is configured to use, when there is one. Names that lead into",
    "a private network are refused unless the policy names that very host; this machine itself and its cloud's metadata only",
    "open to their address or to `localhost`, however a name resolves. Blocked attempts stand in the report.",
    "",
    "## Protected paths",
    "",
    "The work may not change these. What it changes there is put back to the base's version, and going on with it ends the run",
    "as `policy_violation`. `protect` adds globs (a trailing `/` means the whole folder), `unprotect` takes some out;",
    "`.baton/` can be taken out by nobody. Case does not matter.",
    "",
    ...builtInProtectedPaths.map((glob) => `- \`${glob}\``),
    "",
  ].join("\n");
}

if (import.meta.main) {
  const path = join(import.meta.dirname, "..", policyReferencePath);
  const text = renderPolicyReference();
  if (!process.argv.includes("--check")) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    console.error(
      `${policyReferencePath} is not what the schema says; run \`node scripts/write-policy-reference.ts\`.`,
    );
    process.exitCode = 1;
  }
}
