import { readJsonc } from "./ratchet/strictness.ts";

/** Keys of package.json that steer test runners, coverage and lint; dependencies stay the head's. */
const steeringKeys = [
  "jest",
  "vitest",
  "mocha",
  "ava",
  "tap",
  "nyc",
  "c8",
  "eslintConfig",
  "eslintIgnore",
  "stylelint",
  "xo",
  "standard",
  "babel",
];

/** A manifest with the base's definitions put back, and what was different. */
export interface RestoredManifest {
  text: string;
  /** Differences that can change what an oracle does. */
  changed: string[];
  /** Scripts that are new and cannot run by themselves. */
  added: string[];
}

/** The head's package.json with the base's scripts and runner settings: null when either is no JSON object. */
export function restoreManifest(base: string, head: string): RestoredManifest | null {
  const was = readJsonc(base);
  const is = readJsonc(head);
  if (!was || !is) return null;
  const changed: string[] = [];
  const added: string[] = [];
  const scripts = new Map(Object.entries(record(was["scripts"])));
  for (const [name, command] of Object.entries(record(is["scripts"]))) {
    if (scripts.get(name) === command) continue;
    if (scripts.has(name) || isLifecycle(name, scripts)) changed.push(`scripts.${name}`);
    else {
      added.push(`scripts.${name}`);
      scripts.set(name, command);
    }
  }
  for (const name of Object.keys(record(was["scripts"])))
    if (!(name in record(is["scripts"]))) changed.push(`scripts.${name}`);
  const restored: Record<string, unknown> = { ...is, scripts: Object.fromEntries(scripts) };
  if (scripts.size === 0) delete restored["scripts"];
  for (const key of steeringKeys) {
    if (JSON.stringify(was[key]) === JSON.stringify(is[key])) continue;
    changed.push(key);
    if (was[key] === undefined) delete restored[key];
    else restored[key] = was[key];
  }
  return { text: `${JSON.stringify(restored, null, 2)}\n`, changed, added };
}

/** The scripts of a manifest by name; empty when it has none. */
export function scriptsOf(manifest: string): Map<string, string> {
  return new Map(
    Object.entries(record(readJsonc(manifest)?.["scripts"])).filter(
      (e): e is [string, string] => typeof e[1] === "string",
    ),
  );
}

/** npm runs these without being asked: around another script, or at installation. */
function isLifecycle(name: string, scripts: ReadonlyMap<string, unknown>): boolean {
  const around = /^(?:pre|post)(.+)$/.exec(name)?.[1];
  if (around && (scripts.has(around) || ["test", "start", "install", "pack", "publish", "version"].includes(around)))
    return true;
  return ["install", "prepare", "prepublish", "prepublishOnly", "prepack", "postpack", "dependencies", "test"].includes(
    name,
  );
}

function record(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? { ...value } : {};
}
