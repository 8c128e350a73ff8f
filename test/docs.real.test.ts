import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { policyReferencePath, renderPolicyReference } from "../scripts/write-policy-reference.ts";
import { commands as listed } from "../src/cli/commands.ts";
import { defaultPolicy } from "../src/domain/policy.ts";
import { stopReasons } from "../src/domain/stop-reason.ts";
import { readPlaybook } from "../src/maintenance/read-playbook.ts";
import { readPolicy } from "../src/policy/read-policy.ts";
import { anchorsOf, commandLines, type Doc, readDoc, readDocs, splitCommands } from "./helpers/doc-blocks.ts";
import { playBlock } from "./helpers/play-doc-block.ts";

const root = join(import.meta.dirname, "..");
const commands = await Promise.all(listed.map(async (one) => await one.load()));
// The example is what Baton printed about another repository: its files and commands are not ours.
const docs = readDocs(root).filter(({ path }) => path !== "docs/example-report.md");
const blocks = docs.flatMap((doc) => doc.blocks);
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const scripts = Object.keys(JSON.parse(read("package.json")).scripts as object);
const inputs = Object.keys((parse(read("action.yml")) as { inputs: object }).inputs);

/** What is wrong with one command as a person would type it; empty when nothing is. */
function mistakesOf(words: readonly string[]): string[] {
  const [program, ...rest] = words;
  if (program === "baton") return mistakesOfBaton(rest);
  if (program === "npm" && rest[0] === "exec" && rest[1] === "baton")
    return mistakesOfBaton(rest.slice(rest[2] === "--" ? 3 : 2));
  if (program === "npm" && (rest[0] === "run" || rest[0] === "test")) return mistakesOfScript(rest);
  if (program === "node" || (program === "npx" && rest[0] === "vitest"))
    return rest
      .filter((word) => /^(?:scripts|src|test|bench|dist)\//.test(word) && !existsSync(join(root, word)))
      .map((word) => `${word} does not exist`);
  return [];
}

function mistakesOfBaton([name = "--help", ...words]: readonly string[]): string[] {
  if (/^(?:--help|--version|help|…|<.*>|COMMAND)$/.test(name)) return [];
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) return [`there is no command baton ${name}`];
  return flagsIn(words)
    .filter((flag) => flag !== "help" && !Object.hasOwn(command.options, flag))
    .map((flag) => `baton ${name} has no --${flag}`);
}

function mistakesOfScript(rest: readonly string[]): string[] {
  const name = rest[0] === "test" ? "test" : rest[1];
  if (name !== undefined && !scripts.includes(name)) return [`there is no script ${name}`];
  const words = rest.slice(rest.indexOf("--") + 1);
  if (!rest.includes("--")) return [];
  if (name === "demo") return mistakesOfBaton(["demo", ...words]);
  if (name !== "bench") return [];
  const parts = readdirSync(join(root, "bench")).map((file) => file.replace(/\.ts$/, ""));
  const source = read("bench/run.ts") + parts.map((part) => readIfThere(`bench/${part}.ts`)).join("");
  return [
    ...(words[0] && !/^[-[]/.test(words[0]) && !parts.includes(words[0]) ? [`there is no bench ${words[0]}`] : []),
    ...flagsIn(words)
      .filter((flag) => !source.includes(flag))
      .map((flag) => `the bench has no --${flag}`),
  ];
}

function readIfThere(path: string): string {
  return existsSync(join(root, path)) ? read(path) : "";
}

function flagsIn(words: readonly string[]): string[] {
  return words.flatMap((word) => /^--([a-z][\w-]*)/.exec(word)?.[1] ?? []);
}

/** Command lines of blocks, and of code in the text that begins with one of our programs. */
function commandsOf(doc: Doc): string[][] {
  const inline = [...doc.prose.matchAll(/`((?:baton|npm|npx|node) [^`]+)`/g)].map((match) => match[1]!);
  return [...doc.blocks.flatMap(commandLines), ...inline].flatMap(splitCommands);
}

/** What is wrong with a YAML block: as a policy, as a workflow's step, or as YAML. */
function mistakesOfYaml(text: string): string[] {
  const value = parse(text) as Record<string, unknown> | null;
  if (value && Object.keys(value).some((key) => Object.hasOwn(defaultPolicy, key))) readPolicy(text, "block");
  const used = [...JSON.stringify(value).matchAll(/"with":\{([^{}]*)\}/g)];
  return used
    .flatMap((match) => [...match[1]!.matchAll(/"([a-z_]+)":/g)].map(([, name]) => name!))
    .filter((name) => name.includes("_") && !inputs.includes(name))
    .map((name) => `the action has no input ${name}`);
}

function missingLinks(doc: Doc): string[] {
  const links = [...doc.prose.matchAll(/\]\((?!https?:|mailto:)([^)\s]*)\)/g)].map((match) => match[1]!);
  return links.filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? doc.path : relative(root, join(root, dirname(doc.path), path));
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(read(target)).has(anchor);
  });
}

/** Files and folders of ours that the text names in code. */
function missingFiles(doc: Doc): string[] {
  const named = [...doc.prose.matchAll(/`((?:src|test|bench|scripts|schema|docs)\/[\w./-]+)`/g)].map((m) => m[1]!);
  return named.filter((path) => !existsSync(join(root, path)));
}

/** Policy keys that the text names with their dots. */
function missingKeys(doc: Doc): string[] {
  const named = [...doc.prose.matchAll(/`((?:limits|models|maintenance)\.[a-z_.]+)`/g)].map((match) => match[1]!);
  return named.filter(
    (key) =>
      key
        .split(".")
        .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], defaultPolicy) ===
      undefined,
  );
}

describe("the documents", () => {
  it("name only commands, options and scripts that exist", () => {
    const found = docs.flatMap((doc) =>
      commandsOf(doc)
        .flatMap(mistakesOf)
        .map((what) => `${doc.path}: ${what}`),
    );
    expect(found).toEqual([]);
    expect(docs.flatMap(commandsOf).filter((words) => words.includes("baton")).length).toBeGreaterThan(30);
  });

  it("show only policies and inputs that are understood", () => {
    const yaml = blocks.filter(({ language }) => language === "yaml");
    expect(yaml.length).toBeGreaterThan(2);
    for (const block of yaml) expect(mistakesOfYaml(block.text), block.at).toEqual([]);
  });

  it("show only playbooks that can be read", () => {
    const shown = blocks.filter(({ language, text }) => language === "markdown" && text.startsWith("---\nname:"));
    const files = docs.filter(({ path }) => path.startsWith("docs/playbooks/"));
    expect([shown.length, files.length]).toEqual([1, 3]);
    for (const { text } of [...shown, ...files]) {
      const name = /^name: (.+)$/m.exec(text)![1]!;
      expect(readPlaybook(text, `.github/baton/maintenance/${name}.md`).name).toBe(name);
    }
  });

  it("link to what is there, and name files and policy keys that exist", () => {
    for (const doc of docs)
      expect([...missingLinks(doc), ...missingFiles(doc), ...missingKeys(doc)], doc.path).toEqual([]);
  });

  it("are all reachable from the README", () => {
    const reached = new Set(["README.md"]);
    for (const path of reached) {
      const links = [...read(path).matchAll(/\]\((?!https?:)([^)#\s]+\.md)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
      for (const link of links) reached.add(relative(root, join(root, dirname(path), link)));
    }
    expect(docs.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
  });

  it("name no path of the machine on which they were written", () => {
    expect(docs.filter(({ text }) => /\/work\/|\/tmp\/(?!trace)|\/root\b/.test(text)).map(({ path }) => path)).toEqual(
      [],
    );
  });
});

describe("blocks marked as tested", () => {
  const tested = blocks.filter(({ marks }) => marks.some((mark) => mark.startsWith("tested=")));
  it("are there", () => expect(tested.length).toBeGreaterThan(5));
  it.each(tested.map((block) => [block.at, block] as const))("%s prints what it says", async (_at, block) => {
    await playBlock(block);
  });
});

describe("the policy reference", () => {
  it("is what the schema says; `node scripts/write-policy-reference.ts` writes it", () => {
    expect(read(policyReferencePath)).toBe(renderPolicyReference());
  });
});

describe("troubleshooting", () => {
  it("has a heading for every stop reason, and for none that does not exist", () => {
    const found = [...read("docs/troubleshooting.md").matchAll(/^### `(\w+)`$/gm)].map((match) => match[1]!);
    expect(found.sort()).toEqual(Object.keys(stopReasons).sort());
  });
});

describe("these guards", () => {
  const doc = (text: string): Doc => readDoc("docs/x.md", text);
  const mistakes = (text: string): string[] => commandsOf(doc(text)).flatMap(mistakesOf);

  it("see what does not exist", () => {
    expect(mistakes("```sh\nFOO=1 baton run --tsak x && npm run demoo\n```\n")).toEqual([
      "baton run has no --tsak",
      "there is no script demoo",
    ]);
    expect(mistakes("```console\n$ npm exec baton -- rnu\n```\n")).toEqual(["there is no command baton rnu"]);
    expect(mistakes("Try `baton trace x --put y` or `npm run demo -- --brake runner`.")).toEqual([
      "baton trace has no --put",
      "baton demo has no --brake",
    ]);
    expect(mistakes("```sh\nnode scripts/nope.ts  # x\nnpm run bench -- nope\n```")).toEqual([
      "scripts/nope.ts does not exist",
      "there is no bench nope",
    ]);
    expect(() => mistakesOfYaml("limits: { rnu: 1 }")).toThrow("unknown key");
    expect(mistakesOfYaml("steps:\n  - uses: x\n    with: { max_trns: 3 }\n")).toEqual([
      "the action has no input max_trns",
    ]);
    expect([
      missingLinks(doc("[a](nope.md)")),
      missingFiles(doc("`src/nope.ts`")),
      missingKeys(doc("`limits.week`")),
    ]).toEqual([["nope.md"], ["src/nope.ts"], ["limits.week"]]);
  });

  it("see an output that differs", async () => {
    const block = (text: string) => readDoc("docs/x.md", `\`\`\`console tested=library\n${text}\n\`\`\`\n`).blocks[0]!;
    await playBlock(block("$ baton --help\nbaton: a coding agent that …"));
    await expect(playBlock(block("$ baton --help\nbaton: a robot that …"))).rejects.toThrow();
    await expect(playBlock(block("$ baton nope"))).rejects.toThrow();
  });
});
