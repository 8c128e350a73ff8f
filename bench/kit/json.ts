import type { Figure, PartResult } from "./figure.ts";
import type { Ratio } from "./spread.ts";

/** A part as it is written: each figure has exactly eight names, and the ratios to a floor stand beside them. */
interface Written extends Omit<PartResult, "figures"> {
  figures: Omit<Figure, "ratio">[];
  ratios: ({ id: string } & Ratio)[];
}

/** The results as JSON: one object for one part, else an array of them. */
export function renderResults(results: readonly PartResult[]): string {
  const written = results.map(
    ({ bench, machine, figures, ...rest }): Written => ({
      ...{ bench, machine, figures: figures.map(({ ratio: _ratio, ...figure }) => figure) },
      ratios: figures.flatMap(({ id, ratio }) => (ratio ? [{ id, ...ratio }] : [])),
      ...rest,
    }),
  );
  return `${JSON.stringify(written.length === 1 ? written[0] : written, null, 2)}\n`;
}

/** Results as they were written. */
export function readResults(text: string): PartResult[] {
  const written = JSON.parse(text) as Written | Written[];
  return [written].flat().map(({ ratios, figures, ...rest }) => ({
    ...rest,
    figures: figures.map((figure): Figure => {
      const found = ratios.find(({ id }) => id === figure.id);
      if (!found) return figure;
      const { id: _id, ...ratio } = found;
      return { ...figure, ratio };
    }),
  }));
}

/** Results of several runs as those of one: of a figure that was measured again the later stands, with its run's notes and one that says so. */
export function mergeResults(results: readonly PartResult[]): PartResult[] {
  const merged = new Map<string, PartResult>();
  for (const later of results.toSorted((a, b) => a.machine.at.localeCompare(b.machine.at))) {
    const earlier = merged.get(later.bench);
    const again = new Set(later.figures.map(({ id }) => id));
    const kept = earlier?.figures.filter(({ id }) => !again.has(id)) ?? [];
    const said = `measured again at ${later.machine.at.replace("T", " ")} UTC: ${[...again].join(", ")}`;
    const isPart = earlier && kept.length > 0;
    merged.set(
      later.bench,
      isPart ? { ...earlier, figures: [...kept, ...later.figures], notes: [...later.notes, said] } : later,
    );
  }
  return [...merged.values()];
}
