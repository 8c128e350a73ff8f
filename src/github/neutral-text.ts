/** A zero-width-free way to break a word that GitHub would act on: the reader sees the same letters. */
const closing =
  /\b(close[sd]?|fix(?:e[sd])?|resolve[sd]?)(\s*:?\s+)(?=(?:[\w.-]+\/[\w.-]+)?#\d|https?:\/\/\S+\/(?:issues|pull)\/\d|GH-\d)/gi;

export interface NeutralOptions {
  /** Prefixes of URLs that may stay links: this repository, its runs. */
  allowedLinks?: readonly string[];
}

/**
 * Text that a model or a stranger wrote, made safe to publish: it calls nobody, closes nothing, commands nothing, loads
 * no image and links nowhere but to `allowedLinks`. Code spans and fences stay, since GitHub acts on nothing in them.
 */
export function neutralise(text: string, options: NeutralOptions = {}): string {
  const clean = text.replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu, "");
  return splitCode(clean)
    .map(({ code, part }) => (code ? part : neutraliseProse(part, options.allowedLinks ?? [])))
    .join("");
}

/** Splits into prose and code; an unclosed fence or span counts as prose, so that it cannot smuggle anything. */
function splitCode(text: string): { code: boolean; part: string }[] {
  const parts: { code: boolean; part: string }[] = [];
  const pattern = /(?:^|\n)(`{3,}|~{3,})[^\n`]*\n(?:[\s\S]*?\n)?\1[ \t]*(?=\n|$)|(?<!`)(`+)(?!`)[^`\n]+(?<!`)\2(?!`)/g;
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    parts.push({ code: false, part: text.slice(at, match.index) }, { code: true, part: match[0] });
    at = match.index + match[0].length;
  }
  parts.push({ code: false, part: text.slice(at) });
  return parts;
}

function neutraliseProse(prose: string, allowed: readonly string[]): string {
  return prose
    .replace(/<!--[\s\S]*?(?:-->|$)/g, "")
    .replace(/!\[([^\]\n]*)\](?:\([^)\n]*\)|\[[^\]\n]*\])?/g, (_, alt: string) =>
      alt.trim() ? `(image: ${alt.trim()})` : "(image)",
    )
    .replace(/^[ \t]{0,3}\[[^\]\n]+\]:[^\n]*$/gm, "")
    .replace(/\[([^\]\n]*)\]\(\s*<?([^)\s>]*)>?[^)\n]*\)/g, (whole: string, words: string, url: string) =>
      isAllowed(url, allowed) ? whole : `${words} (${plainUrl(url)})`,
    )
    .replace(/<(https?:[^>\s]*)>/gi, "$1")
    .replace(/(^|[^(\w`])((?:https?:\/\/|www\.)[^\s<>()"'`]*)/gi, (whole: string, before: string, url: string) =>
      isAllowed(url, allowed) ? whole : `${before}${plainUrl(url)}`,
    )
    .replace(/<(?=[a-zA-Z/!?])/g, "&lt;")
    .replace(closing, (_, word: string, gap: string) => `${word.slice(0, 1)}<!-- -->${word.slice(1)}${gap}`)
    .replace(/(^|[^\w`/@])@(?=[a-zA-Z\d])/g, "$1@<!-- -->")
    .replace(/([\w.-]+\/[\w.-]+)#(?=\d)/g, "$1#<!-- -->")
    .replace(/(^|[\s([])(#|GH-)(?=\d)/gi, "$1$2<!-- -->")
    .replace(/^([ \t]*)\/(?=[a-z])/gim, "$1&#47;");
}

function isAllowed(url: string, allowed: readonly string[]): boolean {
  return (
    /^https?:\/\//i.test(url) &&
    allowed.some((prefix) => url === prefix || url.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`))
  );
}

// Shown as code: readable, but neither a link nor loaded by anything; what follows `?` could carry data out.
function plainUrl(url: string): string {
  const bare = url.replace(/[`\n]/g, "");
  const cut = bare.replace(/[?#].*$/, "");
  return bare === "" ? "no address" : `\`${cut.slice(0, 200)}${bare.length > cut.length ? "?…" : ""}\``;
}
