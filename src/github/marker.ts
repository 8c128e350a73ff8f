/** Longest body of an issue, pull request or comment, in characters (6-github-facts, row 16). */
export const maxBodyLength = 65_536;

/** Longest `summary` and `text` of a check run (row 17). */
export const maxCheckTextLength = 65_535;

/** The hidden line by which Baton finds its own comment or pull request again; never trusted without the author. */
export function markerOf(kind: "status" | "answer" | "pull-request" | "onboarding", key: string): string {
  return `<!-- baton:${kind}:${key.replaceAll("--", "-")} -->`;
}

/** Text cut to what GitHub takes, with a sentence that says so; never in the middle of a surrogate pair. */
export function cutTo(
  text: string,
  max: number,
  note = "\n\n_Cut here: the whole text is in the run's artifacts._",
): string {
  if (text.length <= max) return text;
  const end = max - note.length;
  const last = text.charCodeAt(end - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? end - 1 : end) + note;
}
