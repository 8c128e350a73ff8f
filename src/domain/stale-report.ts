/** Between these markers the pull request's text is Baton's; all else is people's. */
export const reportBegin = "<!-- baton:report:begin -->";
export const reportEnd = "<!-- baton:report:end -->";

/** What a report says first when a later commit has outlived its verdict. */
export const staleTitle = "Stale: the branch changed after it was verified";
export const staleNext = "Comment `/continue` to have the branch verified as it stands now.";
/** Stands above the table of a verdict that is not about the branch any more. */
export const staleTableTitle = "### The verdict before that";

/** Says what the verdict is about and what came later; `author` is markdown already. */
export function renderStaleBasis(verdictTree: string, later: { commit: string; author: string }): string {
  const short = (sha: string) => `\`${sha.slice(0, 12)}\``;
  return `The verdict below is about tree ${short(verdictTree)}. ${short(later.commit)} by ${later.author} came later and was not checked.`;
}

const verifiedHead = /^\n\n## ✅ Verified[^\n]*\n\n\*\*Next:\*\* [^\n]*\n\n[^\n]*\n\n(?:Closes #\d+\n\n)?/;

/** A pull request's body whose report says `Verified`, made to say that this is about an earlier tree; any other body stays as it is. */
export function markStale(body: string, verdictTree: string, later: { commit: string; author: string }): string {
  const begin = body.indexOf(reportBegin);
  const end = body.indexOf(reportEnd, begin);
  if (begin < 0 || end < 0) return body;
  const report = body.slice(begin + reportBegin.length, end);
  const head = `\n\n## ⚠️ ${staleTitle}\n\n**Next:** ${staleNext}\n\n${renderStaleBasis(verdictTree, later)}\n\n${staleTableTitle}\n\n`;
  return `${body.slice(0, begin + reportBegin.length)}${report.replace(verifiedHead, head)}${body.slice(end)}`;
}
