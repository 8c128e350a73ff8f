import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { renderChart } from "./chart.ts";
import type { Figure, Machine, PartResult } from "./figure.ts";
import { allIds, elsewhere, meaningOf } from "./meanings.ts";
import { cellsOf, columns, renderShort } from "./render.ts";

const docs = fileURLToPath(new URL("../../docs", import.meta.url));

/** Writes `docs/benchmarks.md` and its charts from the results of one run, or of several that played some parts each. */
export async function writePage(results: readonly PartResult[]): Promise<void> {
  await mkdir(`${docs}/images`, { recursive: true });
  for (const chart of results.flatMap(({ charts }) => charts))
    await writeFile(`${docs}/images/${chart.name}.svg`, renderChart(chart));
  await writeFile(`${docs}/benchmarks.md`, renderPage(results));
}

/** The page, from these results. */
export function renderPage(results: readonly PartResult[]): string {
  const machine = results[0]?.machine;
  const runs = new Set(results.map(({ machine: { at } }) => at)).size;
  const source = runs > 1 ? `${runs} runs of some parts each, one after the other` : "one run";
  const minutes = results.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  return [
    "# Benchmarks",
    "",
    `Written by \`npm run bench\` from ${source}, never by hand. To repeat it: \`npm ci && npm run bench\`, on Linux with bubblewrap.`,
    "The models are scripted and the GitHub is the embedded one; everything else is the real code. What a real model solves is measured",
    "by `npm run bench -- live`, which needs a key.",
    "",
    ...(machine
      ? [`Measured on ${renderMachine(machine)}; the parts took ${minutes.toFixed(1)} minutes together.`, ""]
      : []),
    ...intro,
    ...renderMissed(results),
    ...results.flatMap((result) => renderPart(result, runs > 1)),
    ...renderElsewhere(results),
  ].join("\n");
}

const intro = [
  "- **value** is the median of **n** samples, or the one value that was counted. **p95** is what nineteen of twenty stay under.",
  "- **floor** is the same measured without Baton in the same run: a raw agent loop of 50 lines, a plain spawn, a bare HTTP server.",
  "  **× floor** is value over floor, and **spread** the range that the quarters of both allow (lower quarter over upper quarter, and the",
  "  reverse). Times differ between machines; ratios should not. `npm run bench -- --compare A.json B.json` says whether two runs agree.",
  "- A **goal** that is a time, or a ratio of times, only reports. Any other goal that is missed ends the bench with exit code 1.",
  "",
];

function renderMissed(results: readonly PartResult[]): string[] {
  const lines = results.flatMap(({ bench, figures, broken }) => [
    ...(broken === null ? [] : [`- The part **${bench}** broke off: ${broken.split("\n")[0]}`]),
    ...figures.filter(({ holds }) => !holds).map((figure) => `- ${renderShort(figure)}: ${meaningOf(figure.id)}`),
  ]);
  return ["## What does not hold", "", ...(lines.length > 0 ? lines : ["Every goal holds."]), ""];
}

function renderPart(result: PartResult, isOfSeveral: boolean): string[] {
  const [first, ...others] = columns;
  const row = (figure: Figure): string => {
    const [id, ...cells] = cellsOf(figure).map((cell) => cell.replaceAll("|", "\\|"));
    return `| ${[`\`${id}\``, meaningOf(figure.id), ...cells].join(" | ")} |`;
  };
  const table = [
    `| ${[first, "what it is", ...others].join(" | ")} |`,
    `|${["", "", ...others].map(() => "---").join("|")}|`,
    ...result.figures.map(row),
    "",
  ];
  return [
    `## ${result.bench}`,
    "",
    ...(isOfSeveral ? [`Measured ${renderWhen(result.machine)}, in ${result.seconds} s.`, ""] : []),
    ...(result.broken === null
      ? []
      : ["**This part broke off; its figures are not all there.**", "", "```text", result.broken, "```", ""]),
    ...(result.figures.length > 0 ? table : []),
    ...result.charts.flatMap(({ name, title, x, slope }) => [
      `![${title} against ${x}](images/${name}.svg)`,
      "",
      `${title} against ${x}: ${slope}.`,
      "",
    ]),
    ...(result.notes.length > 0 ? [...result.notes.map((note) => `- ${note.replaceAll("\n", " ")}`), ""] : []),
  ];
}

/** The figures of the design that this run has not, and where they are looked at instead. */
function renderElsewhere(results: readonly PartResult[]): string[] {
  const found = new Set(results.flatMap(({ figures }) => figures.map(({ id }) => id.split(".")[0]!)));
  const missing = allIds.filter((id) => !found.has(id));
  if (missing.length === 0) return [];
  const line = (id: string): string => `- **${id}** ${elsewhere[id] ?? "was not part of this run."}`;
  return ["## Not measured in this run", "", ...missing.map(line), ""];
}

function renderMachine(machine: Machine): string {
  const { cpu, cores, memory_gb, os, node } = machine;
  return `${cpu}, ${cores} cores, ${memory_gb} GB, ${os}, Node ${node}, ${renderWhen(machine)}`;
}

function renderWhen({ at, load }: Machine): string {
  return `${at.replace("T", " ")} UTC, load average ${load} at the start`;
}
