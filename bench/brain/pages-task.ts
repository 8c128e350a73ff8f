import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { honestEvaluator } from "../../src/local/model/honest-evaluator.ts";
import type { Reply, Script } from "../../src/local/model/script.ts";
import { scriptByRole } from "../../src/local/model/script-helpers.ts";
import type { MessagesRequest } from "../../src/local/model/wire.ts";
import { blocksOf, textOfContent } from "../../src/local/model/wire.ts";
import { call, finish, shell } from "./fix-task.ts";

/** A book of pages: each must be read, and its key written down. Every tenth answer also needs the key of fifteen pages earlier. */
export interface PagesTask {
  pages: number;
  /** Bytes of one page, about. */
  bytes: number;
  /** Pages of one criterion. */
  perCriterion: number;
  /** The key of a page stands in its middle only, so that a cut output must be opened. */
  keyInMiddle?: boolean;
}

const back = 15;
const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
const keyOf = (page: number): string => `K${hash(`key ${page}`).slice(0, 8)}`;
const fileOf = (page: number): string => `pages/${String(page).padStart(4, "0")}.txt`;
const needsOf = (page: number): number[] => (page % 10 === 0 && page > back ? [page, page - back] : [page]);

function renderPage(task: PagesTask, page: number): string {
  const lines: string[] = [];
  const key = `PAGE ${page} KEY ${keyOf(page)}`;
  for (let size = 0; size < task.bytes; size += lines.at(-1)!.length + 1) {
    lines.push(`line ${lines.length + 1} of page ${page}: ${hash(`${page}/${lines.length}`).slice(0, 40)}`);
  }
  lines.splice(task.keyInMiddle ? Math.floor(lines.length / 2) : 1, 0, key);
  return `${lines.join("\n")}\n`;
}

const check = `import { readFileSync } from "node:fs";
const [from, to] = process.argv.slice(2).map(Number);
const key = (page) => / KEY (\\w+)/.exec(readFileSync(\`pages/\${String(page).padStart(4, "0")}.txt\`, "utf8"))[1];
const answers = readFileSync("answers.txt", "utf8").split("\\n");
for (let page = from; page <= to; page += 1) {
  const wanted = page % 10 === 0 && page > ${back} ? \`\${key(page)} \${key(page - ${back})}\` : key(page);
  if (answers[page] !== wanted) { console.log(\`page \${page} is wrong\`); process.exit(1); }
}
console.log("all right");
`;

/** Writes the repository's files. */
export async function writePages(task: PagesTask, dir: string): Promise<void> {
  await mkdir(join(dir, "pages"), { recursive: true });
  await mkdir(join(dir, ".github"), { recursive: true });
  for (let page = 1; page <= task.pages; page += 1) await writeFile(join(dir, fileOf(page)), renderPage(task, page));
  await writeFile(join(dir, "answers.txt"), "answers\n");
  await writeFile(join(dir, "check.mjs"), check);
  await writeFile(
    join(dir, ".github/baton.yml"),
    "setup: []\nlimits: { run: { turns: 1000, usd: 25 }, session: { usd: 25 } }\n",
  );
}

/** The request, as a person would write it. */
export const pagesPrompt = (task: PagesTask): string =>
  `Write down the keys\n\nThe ${task.pages} files in pages/ each hold one key. Append one line per page to answers.txt, in order: the key, and for every tenth page (from page 20) also the key of the page ${back} before it.`;

/** What the scripted model says: an honest worker that trusts only what it still sees. */
export function pagesScript(task: PagesTask): Script {
  return scriptByRole({
    initializer: () => call("contract", contractOf(task)),
    evaluator: honestEvaluator(),
    worker: (request) => nextMove(task, request),
  });
}

function contractOf(task: PagesTask): unknown {
  const criteria = Array.from({ length: Math.ceil(task.pages / task.perCriterion) }, (_, at) => {
    const [from, to] = [at * task.perCriterion + 1, Math.min(task.pages, (at + 1) * task.perCriterion)];
    return {
      id: `C${at + 1}`,
      text: `answers.txt has the keys of pages ${from} to ${to}`,
      oracle: { type: "command", run: `node check.mjs ${from} ${to}` },
    };
  });
  return { verdict: "work", summary: "answers.txt lists every key", criteria };
}

function nextMove(task: PagesTask, request: MessagesRequest): Reply {
  const seen = readSeen(request);
  if (seen.winddown && request.tools?.some(({ name }) => name === "handoff")) return handoff(seen.answered ?? 0);
  if (seen.answered === null) return shell(request, "echo answers: $(($(wc -l < answers.txt) - 1))");
  const page = seen.answered + 1;
  const focus = seen.focus ?? Math.ceil(task.pages / task.perCriterion);
  if (seen.answered >= Math.min(task.pages, focus * task.perCriterion)) return finish(request, `C${focus}`);
  const missing = needsOf(page).find((wanted) => !seen.keys.has(wanted));
  if (missing !== undefined) {
    const cut = seen.cutOf.get(missing);
    return shell(request, cut ? `grep -h KEY ${cut}` : `cat ${fileOf(missing)}`);
  }
  const answer = needsOf(page).map((wanted) => seen.keys.get(wanted));
  const following = page < task.pages ? `; cat ${fileOf(page + 1)}` : "";
  return shell(
    request,
    `echo ${answer.join(" ")} >> answers.txt; echo answers: $(($(wc -l < answers.txt) - 1))${following}`,
  );
}

interface Seen {
  answered: number | null;
  keys: Map<number, string>;
  /** Where the whole of a cut output lies, by page. */
  cutOf: Map<number, string>;
  winddown: boolean;
  focus: number | null;
}

/** Everything that the worker can know: the conversation as it is sent now. */
function readSeen(request: MessagesRequest): Seen {
  const seen: Seen = { answered: null, keys: new Map(), cutOf: new Map(), winddown: false, focus: null };
  for (const [at, message] of request.messages.entries()) {
    for (const block of blocksOf(message.content)) {
      const text = block.type === "tool_result" ? textOfContent(block.content) : "";
      for (const [, page, key] of text.matchAll(/PAGE (\d+) KEY (\w+)/g)) seen.keys.set(Number(page), key!);
      for (const [, count] of text.matchAll(/^answers: (\d+)$/gm)) seen.answered = Number(count);
      const cut = /\[truncated:.*?Full: (\S+) /.exec(text)?.[1];
      const page = /of page (\d+):/.exec(text)?.[1];
      if (cut && page) seen.cutOf.set(Number(page), cut);
      const said = block.type === "tool_result" ? text : (block.text ?? "");
      if (at === request.messages.length - 1 && /Call `handoff` now/.test(said)) seen.winddown = true;
      if (at === 0) seen.focus ??= Number(/(?:[Ww]ork on|[Ff]ocus)[^\n]*?\bC(\d+)\b/.exec(said)?.[1]) || null;
    }
  }
  return seen;
}

function handoff(answered: number): Reply {
  return call("handoff", {
    done: [`answers.txt has ${answered} lines`],
    in_progress: `page ${answered + 1}`,
    next_steps: [`read ${fileOf(answered + 1)}`],
    ...{ decisions: [], tried_and_failed: [], gotchas: [], questions_for_human: [] },
  });
}
