/**
 * GitHub takes the power of some tags away by writing `&lt;` for their `<` (GFM, "disallowed raw HTML"): what follows is
 * read as tags and comments again, and not as raw text to the closing tag. Names of the same length that HTML does not know.
 */
export function withoutRawText(html: string): string {
  return html.replace(
    /(<\/?)(?:title|textarea|style|xmp|iframe|noembed|noframes|noscript|script|plaintext)(?=[\s/>]|$)/gi,
    (tag: string, open: string) => open + rawTextStandIn.slice(0, tag.length - open.length),
  );
}

const rawTextStandIn = "zzzzzzzzz";

/** A tag as CommonMark has it; micromark refuses values without quotes that have a slash in them, and takes them for text. */
const openTag =
  /<[A-Za-z][A-Za-z0-9-]*(?:\s+[A-Za-z_:][A-Za-z0-9_.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?)*\s*\/?>/y;

/** The tag that begins at `at`, with quotes around the values that need them; null where there is none, or none is missing. */
export function quoteTag(source: string, at: number, end: number): { end: number; text: string } | null {
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(source.slice(Math.max(0, at - 20), at))) return null;
  openTag.lastIndex = at;
  const [tag] = openTag.exec(source) ?? [];
  if (tag === undefined || at + tag.length > end) return null;
  const text = tag.replace(/=(\s*)([^\s"'=<>`]*\/[^\s"'=<>`]*?)(?=\s|\/?>$)/g, '=$1"$2"');
  return text === tag ? null : { end: at + tag.length, text };
}
