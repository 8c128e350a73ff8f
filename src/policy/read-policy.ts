import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { ConfigError } from "../domain/errors.ts";
import { defaultPolicy, Policy } from "../domain/policy.ts";
import { allowedKeysAt, describeAllowedAt } from "./allowed-at.ts";
import { nearestKey } from "./nearest-key.ts";

/** Largest policy file that is read, in UTF-16 units. */
export const maxPolicyLength = 65_536;

/** A policy together with where it came from, so that reports can say when the defaults applied. */
export interface FoundPolicy {
  policy: Policy;
  source: "file" | "defaults";
  /** One sentence for the report. */
  said: string;
}

/** The policy of a repository: `text` as it stands on the default branch, or null when the file is missing, which means the defaults. */
export function readFoundPolicy(text: string | null, file: string): FoundPolicy {
  if (text === null) {
    return {
      policy: defaultPolicy,
      source: "defaults",
      said: `There is no ${file} on the default branch, so the defaults apply.`,
    };
  }
  return { policy: readPolicy(text, file), source: "file", said: `The policy is ${file} on the default branch.` };
}

/** Reads a policy file; throws `ConfigError` naming file, line, what was found and what is allowed. */
export function readPolicy(text: string, file: string): Policy {
  if (text.length > maxPolicyLength) {
    throw mistake(file, 1, `the file has ${text.length} characters`, `at most ${maxPolicyLength} are allowed.`);
  }
  const lines = new LineCounter();
  // `merge` and custom tags stay off: a policy is plain data, and aliases are bounded against the billion-laughs file.
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    merge: false,
    customTags: [],
    stringKeys: true,
  });
  const broken = document.errors[0] ?? document.warnings[0];
  if (broken) {
    const line = broken.linePos?.[0].line ?? 1;
    throw mistake(
      file,
      line,
      firstLine(broken.message),
      "the file must be plain YAML: `key: value` lines, each key once.",
    );
  }
  const parsed = Policy.safeParse(plainValue(document, file) ?? {});
  if (parsed.success) return parsed.data;
  const issue = earliest(parsed.error.issues, document, lines);
  throw explain(issue, document, lines, file);
}

function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (cause) {
    throw mistake(file, 1, "the aliases (`*name`) expand to too much", "write the values out.", cause);
  }
}

function earliest(issues: readonly z.core.$ZodIssue[], document: Document, lines: LineCounter): z.core.$ZodIssue {
  const ranked = issues
    .map((issue) => ({ issue, line: lineOf(document, lines, wrongPath(issue)) }))
    .sort((a, b) => a.line - b.line);
  const first = ranked[0];
  if (!first) throw new Error("a failed parse without an issue");
  return first.issue;
}

function wrongPath(issue: z.core.$ZodIssue): readonly PropertyKey[] {
  return issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
}

function explain(issue: z.core.$ZodIssue, document: Document, lines: LineCounter, file: string): ConfigError {
  const path = wrongPath(issue);
  const line = lineOf(document, lines, path);
  const name = path.map(String).join(".") || "the file";
  if (issue.code === "unrecognized_keys") {
    const allowed = allowedKeysAt(Policy, issue.path);
    const nearest = nearestKey(issue.keys[0] ?? "", allowed);
    const where = issue.path.length === 0 ? "here" : `under \`${issue.path.map(String).join(".")}\``;
    const meant = nearest ? `Did you mean \`${nearest}\`? ` : "";
    return mistake(file, line, `unknown key \`${name}\``, `${meant}Allowed ${where}: ${allowed.join(", ")}.`);
  }
  const found = render(document.getIn(path.map(asKey)));
  return mistake(file, line, `\`${name}\` is ${found}`, `allowed is ${describeAllowedAt(Policy, issue.path, issue)}.`);
}

function mistake(file: string, line: number, found: string, allowed: string, cause?: unknown): ConfigError {
  return new ConfigError(`${file}:${line}: ${found}; ${allowed}`, {
    hint: `Mend line ${line} of ${file} on the default branch.`,
    cause,
  });
}

function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const offset = offsetOf(document, path.slice(0, depth));
    if (offset !== null) return lines.linePos(offset).line;
  }
  return 1;
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number | null {
  const last = path.at(-1);
  const parent = path.length === 0 ? document.contents : document.getIn(path.slice(0, -1).map(asKey), true);
  if (last === undefined) return isNode(parent) ? (parent.range?.[0] ?? null) : null;
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(last));
    return pair && isScalar(pair.key) ? (pair.key.range?.[0] ?? null) : null;
  }
  const node = document.getIn(path.map(asKey), true);
  return isNode(node) ? (node.range?.[0] ?? null) : null;
}

function asKey(key: PropertyKey): string | number {
  return typeof key === "number" ? key : String(key);
}

function render(value: unknown): string {
  if (value === undefined || value === null) return "empty";
  const plain: unknown = isNode(value) ? value.toJSON() : value;
  const text = JSON.stringify(plain) ?? String(plain);
  return `${Array.isArray(plain) ? "the list " : ""}\`${text.length > 80 ? `${text.slice(0, 77)}…` : text}\``;
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? text).replace(/ at line \d+, column \d+:?$/, "").trim();
}
