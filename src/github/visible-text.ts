import type { Nodes } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { type DefaultTreeAdapterMap, parseFragment } from "parse5";
import { filterCharacters } from "./visible-characters.ts";
import { hasAttribute, hidesContent, isKeptTag } from "./visible-html.ts";
import { type Edit, markClose, markOpen, type Rendering, rangeOf, renderRegions } from "./visible-regions.ts";
import { withinDeadline } from "./within-deadline.ts";

type Html = DefaultTreeAdapterMap["node"];

/** Text longer than this is cut before it is read: twice GitHub's limit for a body. */
export const maxSourceLength = 131_072;
const maxPasses = 24;
const tooDeep = /^(?:[ \t]{0,8}(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))){40}/m;

/**
 * Marks that cost the parser the square of their number, and more of them than a text of GitHub's length needs: at this
 * number each costs about a third of a second of CPU.
 */
const costly: readonly { mark: RegExp; most: number }[] = [
  { mark: /\]/g, most: 6_000 },
  { mark: /^ {0,3}(?:=+|-+)[ \t]*$/gm, most: 2_000 },
];

/**
 * Longest time in ms for one text. Some hostile texts cost the parser the square of their length; honest ones of full
 * length cost it a second, which a loaded runner makes ten. Only runs read whole texts, and they hold up nobody else.
 */
const longestMs = 30_000;
/** Texts this short, in UTF-16 units, cost little whatever they hold. */
const alwaysQuickLength = 2_000;
/** What stands for a text that cannot be read in bounded time. */
export const unreadableText = "(This text is too intricate to be read and was left out.)";

// Emphasis hides nothing, and matching its marks is what costs the square of their number.
const syntax = [gfm(), { disable: { null: ["attention", "strikethrough"] } }];
// Without the transform that finds addresses in finished text: its nodes have no position in the source.
const fromGfm = gfmFromMarkdown().map((extension) => ({ ...extension, transforms: [] }));

/**
 * The part of a markdown text that a reader of GitHub sees, as markdown: what is hidden, folded, drawn or only in
 * attributes is taken out and counted; what is seen stays as it was written. Applying it again changes nothing.
 */
export function renderVisibleText(
  markdown: string,
  { deadlineMs = longestMs } = {},
): { text: string; hiddenRemoved: number } {
  const text = markdown.slice(0, maxSourceLength);
  const cut = markdown.length > maxSourceLength ? 1 : 0;
  // Deeper nesting than anybody reads makes the parser slow before it makes it wrong.
  const found = tooDeep.test(text) || hasTooMany(text) ? null : readInTime(text, deadlineMs);
  if (!found) return { text: unreadableText, hiddenRemoved: cut + 1 };
  return { text: found.text, hiddenRemoved: found.removed + cut };
}

function hasTooMany(text: string): boolean {
  return costly.some(({ mark, most }) => {
    let count = 0;
    for (const _ of text.matchAll(mark)) {
      count += 1;
      if (count > most) return true;
    }
    return false;
  });
}

function readInTime(text: string, deadlineMs: number): ReturnType<typeof reachFixpoint> {
  return text.length <= alwaysQuickLength ? reachFixpoint(text) : withinDeadline(deadlineMs, () => reachFixpoint(text));
}

function reachFixpoint(source: string): { text: string; removed: number } | null {
  let text = source;
  let removed = 0;
  try {
    for (let pass = 0; pass < maxPasses; pass++) {
      const next = onePass(text);
      removed += next.removed;
      if (!next.edited || next.text === text) return { text: next.text, removed };
      text = next.text;
    }
  } catch (error) {
    // A tree too deep for the stack: nobody reads that, and nothing of it is trusted.
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}

function onePass(source: string): { text: string; removed: number; edited: boolean } {
  const filtered = filterCharacters(source);
  const text = filtered.text.replace(/^(?:[ \t]*\n)+/, "").trimEnd();
  const tree = fromMarkdown(text, { extensions: syntax, mdastExtensions: fromGfm });
  const rendering = renderRegions(text, tree);
  if (rendering.quotes.length > 0)
    return { text: applyEdits(text, rendering.quotes).text, removed: filtered.removed, edited: true };
  const seen = readRendering(rendering);
  const edits = [
    ...rendering.edits,
    ...seen.edits,
    ...noteEdits(text, rendering, seen.leaves),
    ...unseenEdits(tree, rendering, seen.leaves),
  ];
  const applied = applyEdits(text, edits);
  return { text: applied.text, removed: filtered.removed + applied.removed, edited: edits.length > 0 };
}

/** A range of raw HTML that stays: text as it is (`text` empty), or a tag as `text`. */
interface Kept {
  start: number;
  end: number;
  text: string;
  counts: boolean;
}

interface Seen {
  leaves: Set<number>;
  edits: Edit[];
}

/** What the rendered HTML shows: the leaves whose marks come out as text, and the raw tags that may stay. */
function readRendering(rendering: Rendering): Seen {
  const leaves = new Set<number>();
  const kept: Kept[] = [];
  walk(parseFragment(rendering.html, { sourceCodeLocationInfo: true }));
  for (const leaf of leaves) {
    const { start, end, raw } = rendering.leaves[leaf] ?? { start: 0, end: 0, raw: false };
    if (raw) kept.push({ start, end, text: "", counts: false });
  }
  kept.sort((a, b) => a.start - b.start);
  return { leaves, edits: rendering.raw.flatMap((raw) => complement(raw, kept)) };

  function walk(node: Html): void {
    if (node.nodeName === "#text" && "value" in node) {
      for (const match of node.value.matchAll(new RegExp(`${markOpen}(\\d+)${markClose}`, "g")))
        leaves.add(Number(match[1]));
      return;
    }
    if ("tagName" in node) {
      if (hidesContent(node)) return;
      keepTags(node);
      if (node.tagName === "details" && !hasAttribute(node, "open")) {
        const summary = node.childNodes.find((child) => child.nodeName === "summary");
        if (summary) walk(summary);
        return;
      }
    }
    // `template` keeps its content elsewhere and is hidden anyway.
    if ("childNodes" in node) for (const child of node.childNodes) walk(child);
  }

  function keepTags(element: DefaultTreeAdapterMap["element"]): void {
    const location = element.sourceCodeLocation;
    if (!location || !isKeptTag(element.tagName)) return;
    const open = element.tagName === "details" && hasAttribute(element, "open") ? "details open" : element.tagName;
    for (const [tag, text] of [
      [location.startTag ?? location, `<${open}>`],
      [location.endTag, `</${element.tagName}>`],
    ] as const) {
      if (!tag) continue;
      const start = rendering.origin[tag.startOffset] ?? -1;
      const last = rendering.origin[tag.endOffset - 1] ?? -1;
      if (start >= 0 && last >= start)
        kept.push({
          start,
          end: last + 1,
          text,
          counts:
            tag !== element.sourceCodeLocation?.endTag && element.attrs.length > (open === element.tagName ? 0 : 1),
        });
    }
  }
}

/** Everything of `raw` goes but the kept ranges (in order of start); a kept tag is written without its attributes. */
function complement(raw: { start: number; end: number }, kept: readonly Kept[]): Edit[] {
  const edits: Edit[] = [];
  let from = raw.start;
  for (let index = firstFrom(kept, raw.start); index < kept.length; index++) {
    const range = kept[index];
    if (!range || range.start >= raw.end) break;
    if (range.start < from || range.end > raw.end) continue;
    if (range.start > from) edits.push({ start: from, end: range.start, text: "", counts: true });
    if (range.text !== "") edits.push({ start: range.start, end: range.end, text: range.text, counts: range.counts });
    from = range.end;
  }
  if (raw.end > from) edits.push({ start: from, end: raw.end, text: "", counts: true });
  return edits;
}

/** Index of the first item that starts at or after `offset`, in a list ordered by start. */
function firstFrom(items: readonly { start: number }[], offset: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.start ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A footnote is shown when the text outside all footnotes calls it; its label is not, so the note becomes a paragraph. */
function noteEdits(source: string, rendering: Rendering, seen: ReadonlySet<number>): Edit[] {
  const called = new Set(
    rendering.calls.filter((call) => !call.inside && seen.has(call.leaf)).map((call) => call.label),
  );
  const used = new Set<string>();
  return rendering.definitions.map(({ label, node }) => {
    const { start, end } = rangeOf(node);
    const isShown = called.has(label) && !used.has(label);
    used.add(label);
    const prefix = /^\[\^[^\n]*?\]:[ \t]*/.exec(source.slice(start, end))?.[0].length ?? end - start;
    return { start, end: isShown ? start + prefix : end, text: "", counts: true };
  });
}

/** Leaves that are not seen go; where nothing of a container is seen, the container goes with its markup. */
function unseenEdits(tree: Nodes, rendering: Rendering, seen: ReadonlySet<number>): Edit[] {
  const edits: Edit[] = [];
  const leaves = rendering.leaves
    .map((leaf, index) => ({ ...leaf, seen: seen.has(index) }))
    .filter((leaf) => leaf.end > leaf.start)
    .sort((a, b) => a.start - b.start);
  // Sums, so that a container is judged without looking at each of its leaves.
  const sums = [0];
  for (const leaf of leaves) sums.push((sums.at(-1) ?? 0) + (leaf.seen ? 1 : 0));
  visit(tree);
  return edits;

  function visit(node: Nodes): void {
    const { start, end } = rangeOf(node);
    const first = firstFrom(leaves, start);
    const last = firstFrom(leaves, end);
    const shown = (sums[last] ?? 0) - (sums[first] ?? 0);
    if (last > first && shown === 0 && node.type !== "root") {
      edits.push({ start, end, text: "", counts: true });
      return;
    }
    if (shown === last - first || !("children" in node)) return;
    for (const child of node.children) visit(child);
  }
}

function applyEdits(source: string, edits: readonly Edit[]): { text: string; removed: number } {
  const sorted = [...edits].sort((a, b) => a.start - b.start || b.end - a.end);
  let text = "";
  let at = 0;
  let removed = 0;
  for (const edit of sorted) {
    if (edit.end <= at) continue;
    const start = Math.max(edit.start, at);
    text += source.slice(at, start) + (edit.start >= at ? edit.text : "");
    const gone = source.slice(start, edit.end);
    if (edit.counts && gone.trim() !== "") removed += 1;
    at = edit.end;
  }
  return { text: text + source.slice(at), removed };
}
