import type { Section } from "./report-sections.ts";

/**
 * Joins sections within a number of characters. What does not fit is left out whole, the least important first, so that
 * no fence and no fold is ever cut open; one line says what is missing and where it stands.
 */
export function fitSections(sections: readonly Section[], most: number, link: string | null): string {
  let kept = sections.filter((s) => s.text.trim() !== "");
  const left: string[] = [];
  while (join(kept, left, link).length > most) {
    const worst = Math.max(...kept.map((s) => s.drop));
    if (worst <= 0) break;
    const out = kept.findLast((s) => s.drop === worst)!;
    kept = kept.filter((s) => s !== out);
    left.push(out.name);
  }
  const text = join(kept, left, link);
  return text.length <= most ? text : cutLines(text, most);
}

function join(sections: readonly Section[], left: readonly string[], link: string | null): string {
  const where = link ? ` [Read it whole](${link}).` : " The session's journal has it whole.";
  const note = left.length > 0 ? [`_Left out to fit GitHub's limit: ${left.join(", ")}._${where}`] : [];
  return [...sections.map((s) => s.text), ...note].join("\n\n");
}

/** Only for parts that must stay: they are lines of a table or of prose, so that any line end is a safe place. */
function cutLines(text: string, most: number): string {
  const note = "\n\n_Cut to fit GitHub's limit._";
  const cut = text.slice(0, most - note.length);
  return cut.slice(0, Math.max(0, cut.lastIndexOf("\n"))) + note;
}
