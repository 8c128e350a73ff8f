/** Text for a terminal: control characters, which could move the cursor or recolour lines, are shown as a mark. */
export function plainText(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** One line of at most `width` characters, cut with an ellipsis. */
export function cutLine(text: string, width: number): string {
  const line = plainText(text).replaceAll(/\s+/g, " ").trim();
  const characters = [...line];
  return characters.length <= width ? line : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}
