import { renderLine } from "./read-file.ts";

const shownLines = 12;

const words = (line: string): string[] => line.toLowerCase().match(/[\p{L}\p{N}_]{2,}/gu) ?? [];

/** What to tell when `old` is nowhere: the region of the file that is most like it, at most 12 lines with their numbers. */
export function describeMiss(text: string, old: string): string {
  const lines = text.split("\n");
  const wanted = old.split("\n").filter((line) => line.trim() !== "");
  const size = Math.min(Math.max(wanted.length, 3), shownLines);
  const exact = new Set(wanted.map((line) => line.trim()));
  const some = new Set(wanted.flatMap(words));
  const score = lines.map((line) => {
    const trimmed = line.trim();
    if (trimmed === "") return 0;
    if (exact.has(trimmed)) return 1;
    const own = words(trimmed);
    const shared = own.filter((word) => some.has(word)).length;
    return own.length === 0 ? 0 : (shared / Math.max(own.length, 1)) * 0.5;
  });
  let best = 0;
  let bestSum = 0;
  let sum = 0;
  for (const [index, value] of score.entries()) {
    sum += value - (index >= size ? score[index - size]! : 0);
    if (sum > bestSum + 1e-9) {
      bestSum = sum;
      best = Math.max(0, index - size + 1);
    }
  }
  if (bestSum < 0.3) return "old is not in the file, and nothing like it is: read the file again";
  const region = lines.slice(best, best + size).map((line, index) => renderLine(best + index + 1, line.slice(0, 200)));
  return `old is not in the file. The most similar lines are:\n${region.join("\n")}`;
}
