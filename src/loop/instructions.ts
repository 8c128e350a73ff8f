/** Files that hold a repository's instructions, first found wins. */
export const instructionFiles = ["AGENTS.md", "CLAUDE.md", ".github/copilot-instructions.md"] as const;

/** Bytes of the root file that are shown. */
export const maxInstructionBytes = 8_192;

export interface InstructionFile {
  path: string;
  text: string;
}

/** The repository's instructions as read from the base: the first of the known files, cut to 8 KiB at a line. Null without any. */
export function pickInstructions(files: readonly InstructionFile[]): InstructionFile | null {
  for (const path of instructionFiles) {
    const found = files.find((file) => file.path === path && file.text.trim() !== "");
    if (found) return { path, text: capText(found.text.trim(), path) };
  }
  return null;
}

function capText(text: string, path: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxInstructionBytes) return text;
  const head = bytes
    .subarray(0, maxInstructionBytes)
    .toString("utf8")
    .replace(/\uFFFD+$/, "");
  const atLine = head.lastIndexOf("\n");
  return `${atLine > 0 ? head.slice(0, atLine) : head}\n[cut at 8 KiB; the rest is in ${path}]`;
}
