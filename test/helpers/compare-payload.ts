import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface ExampleSet {
  name: string;
  examples: { action?: string; [key: string]: Json | undefined }[];
}

const file = createRequire(import.meta.url).resolve("@octokit/webhooks-examples/api.github.com/index.json");
const sets = JSON.parse(readFileSync(file, "utf8")) as ExampleSet[];

function typeOf(value: Json): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

/** Published examples of an event's action. */
export function examplesOf(event: string, action: string | null): ExampleSet["examples"] {
  const all = sets.find((set) => set.name === event)?.examples ?? [];
  return all.filter((example) => (example.action ?? null) === action);
}

/** Every key path of a value with the types met there; list items share one path. */
export function keyPaths(value: Json, path = "", into = new Map<string, Set<string>>()): Map<string, Set<string>> {
  if (path !== "") into.set(path, (into.get(path) ?? new Set()).add(typeOf(value)));
  if (Array.isArray(value)) for (const item of value) keyPaths(item, `${path}[]`, into);
  else if (value !== null && typeof value === "object") {
    for (const [key, item] of Object.entries(value)) keyPaths(item, path === "" ? key : `${path}.${key}`, into);
  }
  return into;
}

/** Key paths that every published example of the event has and our payload has not, or has with a type never published. */
export function comparePayload(event: string, action: string | null, payload: unknown, ignore: RegExp): string[] {
  const examples = examplesOf(event, action);
  if (examples.length === 0) return [`there is no published example of ${event}.${action}`];
  const theirs = examples.map((example) => keyPaths(example as Json));
  const ours = keyPaths(payload as Json);
  const problems: string[] = [];
  for (const path of theirs[0]!.keys()) {
    if (ignore.test(path) || !theirs.every((paths) => paths.has(path)) || insideNothing(path, ours)) continue;
    const types = new Set(theirs.flatMap((paths) => [...paths.get(path)!]));
    const found = ours.get(path);
    if (!found) problems.push(`${event}.${action}: ${path} is missing`);
    else if (![...found].some((type) => types.has(type) || type === "null" || types.has("null"))) {
      problems.push(`${event}.${action}: ${path} is ${[...found]} instead of ${[...types]}`);
    }
  }
  return problems;
}

/** True when an ancestor of the path is null or an empty list in our payload, so that nothing can be below. */
function insideNothing(path: string, ours: Map<string, Set<string>>): boolean {
  const parts = path.split(".");
  for (let length = 1; length < parts.length; length++) {
    const parent = parts.slice(0, length).join(".");
    const bare = parent.replace(/\[\]$/, "");
    if (bare !== parent && ours.has(bare) && !ours.has(parent)) return true;
    const types = ours.get(bare);
    if (types && types.size === 1 && types.has("null")) return true;
  }
  const own = path.replace(/\[\]$/, "");
  return own !== path && ours.has(own);
}
