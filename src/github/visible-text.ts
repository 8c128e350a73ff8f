import type { Nodes } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { type DefaultTreeAdapterMap, parseFragment } from "parse5";
import { filterCharacters } from "./visible-characters.ts";
import { hasAttribute, hidesContent, isKeptTag } from "./visible-html.ts";
import { type Edit, markClose, markOpen, type Rendering, rangeOf, renderRegions } from "./visible-regions.ts";

type Html = DefaultTreeAdapterMap["node"];

/** Text longer than this is cut before it is read: twice GitHub's limit for a body. */
export const maxSourceLength = 131_072;
const maxPasses = 24;

// Without the transform that finds addresses in finished text: its nodes have no position in the source.
const fromGfm = gfmFromMarkdown().map((extension) => ({ ...extension, transforms: [] }));

/**
 * The part of a markdown text that a reader of GitHub sees, as markdown: what is hidden, folded, drawn or only in
 * attributes is taken out and counted; what is seen stays as it was written. Applying it again changes nothing.
 */
export function renderVisibleText(markdown: string): { text: string; hiddenRemoved: number } {
  let text = markdown.slice(0, maxSourceLength);
  let hiddenRemoved = markdown.length > maxSourceLength ? 1 : 0;
  try {
    for (let pass = 0; pass < maxPasses; pass++) {
      const next = onePass(text);
      hiddenRemoved += next.removed;
      if (next.text === text) return { text, hiddenRemoved };
      text = next.text;
    }
  } catch (error) {
    // A tree too deep for the stack: nobody reads that, and nothing of it is trusted.
    if (!(error instanceof RangeError)) throw error;
  }
  return { text: "", hiddenRemoved: hiddenRemoved + 1 };
}

function onePass(source: string): { text: string; removed: number } {
  const filtered = filterCharacters(source);
  const text = filtered.text.replace(/^(?:[ \t]*\n)+/, "").trimEnd();
  const tree = fromMarkdown(text, { extensions: [gfm()], mdastExtensions: fromGfm });
  const rendering = renderRegions(text, tree);
  const seen = readRendering(rendering);
  const edits = [
    ...rendering.edits,
    ...seen.edits,
    ...noteEdits(text, rendering, seen.leaves),
    ...unseenEdits(tree, rendering, seen.leaves),
  ];
  const applied = applyEdits(text, edits);
  return { text: applied.text, removed: filtered.removed + applied.removed };
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
    const { start, end } = rendering.leaves[leaf] ?? { start: 0, end: 0 };
    if (rendering.raw.some((raw) => start >= raw.start && end <= raw.end))
      kept.push({ start, end, text: "", counts: false });
  }
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
          counts: tag !== element.sourceCodeLocation?.endTag && element.attrs.length > 0,
        });
    }
  }
}

/** Everything of `raw` goes but the kept ranges; a kept tag is written without its attributes. */
function complement(raw: { start: number; end: number }, kept: readonly Kept[]): Edit[] {
  const edits: Edit[] = [];
  let from = raw.start;
  const inside = kept
    .filter((range) => range.start >= raw.start && range.end <= raw.end)
    .sort((a, b) => a.start - b.start);
  for (const range of inside) {
    if (range.start < from) continue;
    if (range.start > from) edits.push({ start: from, end: range.start, text: "", counts: true });
    if (range.text !== "") edits.push({ start: range.start, end: range.end, text: range.text, counts: range.counts });
    from = range.end;
  }
  if (raw.end > from) edits.push({ start: from, end: raw.end, text: "", counts: true });
  return edits;
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
  const leaves = rendering.leaves.map((leaf, index) => ({ ...leaf, seen: seen.has(index) }));
  visit(tree);
  return edits;

  function visit(node: Nodes): void {
    const { start, end } = rangeOf(node);
    const inside = leaves.filter((leaf) => leaf.start >= start && leaf.end <= end && leaf.end > leaf.start);
    if (inside.length > 0 && inside.every((leaf) => !leaf.seen) && node.type !== "root") {
      edits.push({ start, end, text: "", counts: true });
      return;
    }
    if (inside.every((leaf) => leaf.seen) || !("children" in node)) return;
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
