import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { PartResult } from "./kit/figure.ts";
import { mergeResults, readResults, renderResults } from "./kit/json.ts";
import { describeMachine } from "./kit/machine.ts";
import { explainOnly } from "./kit/only.ts";
import { writePage } from "./kit/page.ts";
import { type Listed, loadParts } from "./kit/parts.ts";
import { didHold, renderAgreement, renderEnd, renderTable } from "./kit/render.ts";
import { budgetOf, runParts } from "./kit/run-parts.ts";

const usage = `npm run bench -- [NAME...] [--json FILE] [--page] [--full]
npm run bench -- brain --agent "name=COMMAND {prompt}"
npm run bench -- workers --only 3,4,49      of a part that has cases, these; a name that it does not know lists them
npm run bench -- --docs FILE...      writes docs/benchmarks.md from the figures in FILE; --page does it after the run
npm run bench -- --compare FILE FILE says whether the ratios of two runs agree within their stated spread

Without a NAME, every part runs. FILE is written after each part. Exit code 1: a figure that is not a time falls short of its goal, or a part broke off.`;

const ours = new Set(["json", "page", "docs", "full", "help", "compare"]);

async function main(args: string[]): Promise<number> {
  const { values, positionals, tokens } = parseArgs({
    args,
    allowPositionals: true,
    strict: false,
    tokens: true,
    options: {
      ...{
        json: { type: "string" },
        docs: { type: "string" },
        page: { type: "boolean" },
        compare: { type: "boolean" },
      },
      ...{ full: { type: "boolean" }, help: { type: "boolean" } },
      ...{ agent: { type: "string", multiple: true }, only: { type: "string" } },
    },
  });
  const load = async (file: string) => readResults(await readFile(file, "utf8"));
  if (values.compare) {
    const [one = "", other = ""] = positionals;
    const { text, agree } = renderAgreement(await load(one), await load(other));
    console.log(text);
    return agree ? 0 : 1;
  }
  if (typeof values.docs === "string") {
    await writePage(mergeResults((await Promise.all([values.docs, ...positionals].map(load))).flat()));
    return 0;
  }
  const parts = await loadParts();
  if (values.help) {
    console.log(`${usage}\n\nParts, and the seconds each may take on two quiet cores:\n${describeParts(parts)}`);
    return 0;
  }
  const unknown = positionals.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    console.error(`There is no part ${unknown.join(", ")}. Parts:\n${describeParts(parts)}`);
    return 2;
  }
  const chosen = positionals.length === 0 ? parts : parts.filter(({ name }) => positionals.includes(name));
  const mistake = typeof values.only === "string" ? explainOnly(values.only, chosen) : null;
  if (mistake !== null) {
    console.error(mistake);
    return 2;
  }
  const rest = tokens.flatMap((token) =>
    token.kind === "option" && !ours.has(token.name) ? [`--${token.name}${token.value ? `=${token.value}` : ""}`] : [],
  );
  const file = typeof values.json === "string" ? values.json : null;
  return await runAll(chosen, { full: values.full === true, args: rest, file, page: values.page === true });
}

async function runAll(
  chosen: readonly Listed[],
  { file, page, ...given }: { full: boolean; args: string[]; file: string | null; page: boolean },
): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  const started = performance.now();
  const say = (line: string): void => console.error(line);
  const options = { ...given, machine: describeMachine(), say, stop: stop.signal };
  // Written after each part: whoever cannot wait for the last has the others.
  const ended: PartResult[] = [];
  const results = await runParts(chosen, options, (result) => {
    console.log(`${renderTable(result)}\n`);
    if (stop.signal.aborted) return;
    ended.push(result);
    const inOrder = chosen.flatMap(({ name }) => ended.filter(({ bench }) => bench === name));
    if (file !== null) writeFileSync(file, renderResults(inOrder));
  });
  if (stop.signal.aborted) {
    const kept =
      file !== null && ended.length > 0 ? `${file} holds the parts that were at their end` : "nothing was written";
    console.error(`Interrupted: everything that the bench had started was ended; ${kept}.`);
    return 130;
  }
  console.log(renderEnd(results, (performance.now() - started) / 1_000));
  if (page) await writePage(results);
  return results.every(didHold) ? 0 : 1;
}

function describeParts(parts: readonly Listed[]): string {
  const line = (one: Listed): string =>
    "broken" in one ? `does not load: ${one.broken.split("\n")[0]}` : `${budgetOf(one.part)} s  ${one.part.summary}`;
  return parts.map((one) => `  ${one.name.padEnd(9)} ${line(one)}`).join("\n");
}

process.exitCode = await main(process.argv.slice(2));
