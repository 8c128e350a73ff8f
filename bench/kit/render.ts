import { type Figure, isDecisive, type PartResult } from "./figure.ts";
import { decideAgreement, type Ratio } from "./spread.ts";

/** Headings of a figure's cells; `spread`: where another run on the same machine should find the ratio. */
export const columns = ["figure", "value", "p95", "unit", "n", "floor", "× floor", "spread", "goal", "holds"] as const;

/** One figure as text, in the order of `columns`. */
export function cellsOf(figure: Figure): string[] {
  const { ratio } = figure;
  return [
    figure.id,
    number(figure.value) || "none",
    number(figure.p95),
    figure.unit,
    number(figure.n),
    number(figure.floor),
    ratio && figure.floor !== null ? number(ratio.value) : "",
    ratio ? renderSpread(ratio) : "",
    figure.goal ?? "",
    figure.goal === null ? "" : figure.holds ? "yes" : "NO",
  ];
}

/** Whether every figure that decides holds, and the part came to its end. */
export function didHold({ figures, broken }: PartResult): boolean {
  return broken === null && figures.every((figure) => figure.holds || !isDecisive(figure));
}

/** The figures of one part as a table of plain text. */
export function renderTable(result: PartResult): string {
  const rows = [[...columns] as string[], ...result.figures.map(cellsOf)];
  const widths = columns.map((_name, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const line = (row: string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join("  ")
      .trimEnd();
  return [
    `${result.bench}, ${result.seconds} s of ${result.budget} s`,
    ...(result.figures.length > 0 ? rows.map(line) : []),
    ...result.notes.map((note) => `  ${note}`),
    ...(result.broken === null ? [] : [`  BROKE OFF: ${result.broken}`]),
  ].join("\n");
}

/** The last lines of a run: what each part took, and what does not hold. */
export function renderEnd(results: readonly PartResult[], seconds: number): string {
  const parts = results.map((one) => `${one.bench} ${one.seconds}/${one.budget}`).join(", ");
  const short = results.flatMap(({ bench, figures, broken }) => [
    ...(broken === null ? [] : [`${bench} broke off`]),
    ...figures.filter(({ holds }) => !holds).map(renderShort),
  ]);
  return [
    `${Math.round(seconds)} s in all; seconds per part and budget: ${parts}`,
    ...(short.length === 0 ? ["Every goal holds."] : ["Not held:", ...short.map((line) => `  ${line}`)]),
  ].join("\n");
}

/** A figure that falls short, in a line. */
export function renderShort(figure: Figure): string {
  const kind = isDecisive(figure) ? "" : " (a time: it only reports)";
  return `${figure.id} is ${number(figure.value) || "none"} ${figure.unit}, goal ${figure.goal}${kind}`;
}

/** Whether two runs agree on every ratio whose spread they state. */
export function renderAgreement(
  one: readonly PartResult[],
  other: readonly PartResult[],
): { text: string; agree: boolean } {
  const ratios = (results: readonly PartResult[]): Map<string, Ratio> =>
    new Map(
      results.flatMap(({ figures }) => figures.flatMap(({ id, ratio }) => (ratio ? [[id, ratio] as const] : []))),
    );
  const others = ratios(other);
  const lines: string[] = [];
  let count = 0;
  let agreed = 0;
  for (const [id, first] of ratios(one)) {
    const second = others.get(id);
    const agree = second ? decideAgreement(first, second) : null;
    if (!second || agree === null) continue;
    count += 1;
    if (agree) agreed += 1;
    const show = (ratio: Ratio): string => `${number(ratio.value)} (${renderSpread(ratio)})`;
    lines.push(`${agree ? "agree   " : "DISAGREE"}  ${id}: ${show(first)} and ${show(second)}`);
  }
  return { text: [...lines, `${agreed} of ${count} ratios agree.`].join("\n"), agree: count > 0 && agreed === count };
}

function renderSpread({ low, high }: Ratio): string {
  return low === null || high === null ? "" : `${number(low)} to ${number(high)}`;
}

function number(value: number | null): string {
  return value === null || Number.isNaN(value) ? "" : value.toLocaleString("en-US");
}
