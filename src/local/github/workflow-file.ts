import { parse } from "yaml";

/** What the server must know of a workflow file; the rest is the runner's. */
export interface WorkflowFile {
  path: string;
  text: string;
  name: string;
  runName: string | null;
  /** Event name → its filters; an unreadable file waits for nothing. */
  on: Map<string, Record<string, unknown>>;
  /** Cron lines of `on: schedule`. */
  crons: string[];
  /** Inputs of `workflow_dispatch`; null when it cannot be dispatched. */
  inputs: Map<string, DispatchInput> | null;
}

/** One declared input of `workflow_dispatch`. */
export interface DispatchInput {
  required: boolean;
  default: string | null;
  type: "string" | "boolean" | "number" | "choice" | "environment";
  options: string[];
}

/** Reads the outer part of a workflow file; invalid YAML gives a file that nothing triggers. */
export function readWorkflowFile(path: string, text: string): WorkflowFile {
  let document: Record<string, unknown>;
  try {
    document = asMap(parse(text));
  } catch {
    document = {};
  }
  const on = readOn(document.on);
  const dispatch = on.get("workflow_dispatch");
  return {
    path,
    text,
    name: typeof document.name === "string" ? document.name : path,
    runName: typeof document["run-name"] === "string" ? document["run-name"] : null,
    on,
    crons: readCrons(document.on),
    inputs: dispatch ? readInputs(dispatch.inputs) : null,
  };
}

function asMap(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function readOn(on: unknown): Map<string, Record<string, unknown>> {
  if (typeof on === "string") return new Map([[on, {}]]);
  if (Array.isArray(on)) return new Map(on.map((event) => [String(event), {}]));
  return new Map(Object.entries(asMap(on)).map(([event, filters]) => [event, asMap(filters)]));
}

function readCrons(on: unknown): string[] {
  const schedule = asMap(on).schedule;
  return Array.isArray(schedule) ? schedule.map((line) => String(asMap(line).cron ?? "")).filter(Boolean) : [];
}

function readInputs(inputs: unknown): Map<string, DispatchInput> {
  const entries = Object.entries(asMap(inputs)).map(([name, value]): [string, DispatchInput] => {
    const declared = asMap(value);
    const fallback = declared.default;
    return [
      name,
      {
        required: declared.required === true,
        default: fallback === undefined || fallback === null ? null : String(fallback),
        type: (declared.type as DispatchInput["type"] | undefined) ?? "string",
        options: Array.isArray(declared.options) ? declared.options.map(String) : [],
      },
    ];
  });
  return new Map(entries);
}

const DEFAULT_TYPES: Record<string, string[]> = {
  pull_request: ["opened", "synchronize", "reopened"],
  pull_request_target: ["opened", "synchronize", "reopened"],
};

/** True when the file waits for this event: its types, branches and tags filters are met. */
export function waitsFor(file: WorkflowFile, event: string, action: string | null, ref: string | null): boolean {
  const filters = file.on.get(event);
  if (!filters) return false;
  const types = asList(filters.types) ?? DEFAULT_TYPES[event];
  if (types && action !== null && !types.includes(action)) return false;
  return ref === null || refMatches(filters, ref);
}

function refMatches(filters: Record<string, unknown>, ref: string): boolean {
  const isTag = ref.startsWith("refs/tags/");
  const name = ref.replace(/^refs\/(heads|tags)\//, "");
  const wanted = asList(isTag ? filters.tags : filters.branches);
  const ignored = asList(isTag ? filters["tags-ignore"] : filters["branches-ignore"]);
  const otherOnly = asList(isTag ? filters.branches : filters.tags);
  if (ignored?.some((pattern) => globMatches(pattern, name))) return false;
  if (wanted) return matchInOrder(wanted, name);
  return !otherOnly;
}

function matchInOrder(patterns: string[], name: string): boolean {
  let matched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith("!")) matched = matched && !globMatches(pattern.slice(1), name);
    else matched = matched || globMatches(pattern, name);
  }
  return matched;
}

function asList(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

/** GitHub's filter patterns: `*` stops at a slash, `**` does not, `?` and `+` repeat, `[…]` is a class. */
function globMatches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.^$(){}|\\]/g, "\\$&")
    .replace(/\*\*/g, "\0")
    .replace(/\*/g, "[^/]*")
    .replace(/\0/g, ".*");
  return new RegExp(`^${source}$`).test(name);
}
