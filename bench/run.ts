import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isDecisive, type Part, type PartResult } from "./kit/figure.ts";
import { describeMachine } from "./kit/machine.ts";
import { renderPage, renderTable } from "./kit/render.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const pagePath = fileURLToPath(new URL("../docs/benchmarks.md", import.meta.url));

/** In this order; a part that is not named here comes last. */
const order = ["workers", "brain", "session", "record", "hands", "app", "tasks", "scale", "live"];

const usage = `npm run bench -- [NAME...] [--json FILE] [--full]
npm run bench -- brain --agent "name=COMMAND {prompt}"
npm run bench -- workers --only 3,4,49
npm run bench -- --docs FILE     writes docs/benchmarks.md from the figures in FILE

Without a NAME, every part runs. Exit code 1: a figure that is not a time falls short of its goal.`;

/** Every file in this folder that exports a `part` is one. */
async function loadParts(): Promise<Part[]> {
  const files = (await readdir(here)).filter((name) => name.endsWith(".ts") && name !== "run.ts");
  const modules = await Promise.all(files.map(async (name) => (await import(`./${name}`)) as { part?: Part }));
  const place = ({ name }: Part): number => (order.includes(name) ? order.indexOf(name) : order.length);
  return modules.flatMap(({ part }) => (part ? [part] : [])).toSorted((a, b) => place(a) - place(b));
}

async function runPart(part: Part, options: { full: boolean; args: readonly string[] }): Promise<PartResult> {
  const say = (line: string): void => console.error(line);
  const { figures, notes = [] } = await part.run({ ...options, say });
  return { bench: part.name, machine: describeMachine(), figures, notes };
}

async function writePage(file: string): Promise<void> {
  const read = JSON.parse(await readFile(file, "utf8")) as PartResult | PartResult[];
  await writeFile(pagePath, renderPage([read].flat()));
}

async function main(args: string[]): Promise<number> {
  const { values, positionals, tokens } = parseArgs({
    args,
    allowPositionals: true,
    strict: false,
    tokens: true,
    options: {
      ...{ json: { type: "string" }, docs: { type: "string" }, full: { type: "boolean" }, help: { type: "boolean" } },
      agent: { type: "string", multiple: true },
      only: { type: "string" },
    },
  });
  const parts = await loadParts();
  const known = parts.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}`).join("\n");
  if (values.help) {
    console.log(`${usage}\n\nParts:\n${known}`);
    return 0;
  }
  if (typeof values.docs === "string") {
    await writePage(values.docs);
    return 0;
  }
  const ours = new Set(["json", "docs", "full", "help"]);
  const rest = tokens.flatMap((token) =>
    token.kind === "option" && !ours.has(token.name) ? [`--${token.name}${token.value ? `=${token.value}` : ""}`] : [],
  );
  const unknown = positionals.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    console.error(`There is no part ${unknown.join(", ")}. Parts:\n${known}`);
    return 2;
  }
  const chosen = positionals.length === 0 ? parts : parts.filter(({ name }) => positionals.includes(name));
  const results: PartResult[] = [];
  for (const part of chosen) {
    const result = await runPart(part, { full: values.full === true, args: rest });
    results.push(result);
    console.log(`${renderTable(result)}\n`);
  }
  if (typeof values.json === "string") {
    const written = chosen.length === 1 ? results[0] : results;
    await writeFile(values.json, `${JSON.stringify(written, null, 2)}\n`);
  }
  return results.some(({ figures }) => figures.some((figure) => isDecisive(figure) && !figure.holds)) ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
