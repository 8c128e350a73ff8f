import type { Nodes, Parents } from "mdast";
import { isVisibleCharacter } from "./visible-characters.ts";
import { hidingFormulas } from "./visible-math.ts";
import { quoteTag, withoutRawText } from "./visible-tags.ts";

/** A change of the source: the range [start, end) is replaced by `text`, nearly always by nothing. */
export interface Edit {
  start: number;
  end: number;
  text: string;
  /** Counts as removed hidden content (white space does not). */
  counts: boolean;
}

/** A piece of source that is shown where, and only where, its mark comes out in visible text of the rendered HTML. */
export interface Leaf {
  start: number;
  end: number;
  /** Text of raw HTML. */
  raw: boolean;
}

/** The rendering of one pass: HTML with marks for leaves, and where each code unit of raw HTML came from (-1: ours). */
export interface Rendering {
  html: string;
  origin: number[];
  leaves: Leaf[];
  edits: Edit[];
  /** Tags that the parser took for text: the text with these edits is to be read anew, before anything else is done. */
  quotes: Edit[];
  /** Ranges of raw HTML: all of it goes but what is explicitly kept. */
  raw: { start: number; end: number }[];
  /** Marks of footnote calls, by label. */
  calls: { label: string; leaf: number; inside: boolean }[];
  definitions: { label: string; node: Nodes }[];
}

/** Marks stand in the Private Use Area, which `filterCharacters` has emptied. */
export const markOpen = "\ue000";
export const markClose = "\ue001";

/** Info strings that GitHub only colours by; any other word there is hidden text. */
const languages = new Set(
  (
    "js jsx ts tsx javascript typescript json json5 jsonc yaml yml toml xml html css scss less sh bash zsh fish shell console text txt plain plaintext diff patch " +
    "python py python3 rb ruby go golang rust rs java kotlin kt swift c cpp c++ cc h hpp cs csharp c# fs fsharp php perl pl lua r julia scala clojure clj elixir ex " +
    "erlang haskell hs ocaml ml dart sql graphql proto protobuf dockerfile docker makefile make cmake nix ini cfg conf properties env log md markdown tex latex vim " +
    "powershell ps1 ps bat batch cmd vue svelte astro zig nim http curl terraform hcl groovy gradle objc objective-c suggestion node mjs cjs shell-session sh-session pycon regex csv tsv"
  ).split(" "),
);
/** Fences that GitHub draws as a picture or a map: their source is not what a reader sees. */
const drawn = new Set(["mermaid", "geojson", "topojson", "stl", "math"]);

const containers: { [type: string]: string } = {
  root: "",
  paragraph: "p",
  heading: "h2",
  blockquote: "blockquote",
  listItem: "li",
  table: "table",
  tableRow: "tr",
  tableCell: "td",
  emphasis: "em",
  strong: "strong",
  delete: "del",
};

/** Renders a tree for the question "what is seen where"; types of node that are not named here are cut. */
export function renderRegions(source: string, root: Nodes): Rendering {
  const out: Rendering = {
    html: "",
    origin: [],
    leaves: [],
    edits: [],
    quotes: [],
    raw: [],
    calls: [],
    definitions: [],
  };
  renderNode(source, root, out, { tight: false, note: false });
  return out;
}

interface Where {
  tight: boolean;
  /** Inside a footnote definition. */
  note: boolean;
}

function renderNode(source: string, node: Nodes, out: Rendering, where: Where): void {
  const { start, end } = rangeOf(node);
  const tag = containers[node.type];
  if (tag !== undefined && "children" in node) {
    renderContainer(source, node, out, where, tag);
    return;
  }
  switch (node.type) {
    case "list":
      wrap(out, node.ordered ? "ol" : "ul", () =>
        renderChildren(source, node, out, { ...where, tight: node.spread !== true }),
      );
      return;
    case "text":
      editText(source, start, end, out);
      mark(out, start, end);
      return;
    case "inlineCode":
      wrap(out, "code", () => mark(out, start, end));
      return;
    case "code":
      renderCode(source, node.lang ?? "", start, end, out);
      return;
    case "break":
      emit(out, "<br>");
      return;
    case "thematicBreak":
      emit(out, "<hr>");
      return;
    case "html":
      renderRaw(source, node.value, start, end, out);
      return;
    case "link":
    case "linkReference":
      renderLink(source, node, out, where);
      return;
    case "footnoteReference":
      out.calls.push({ label: node.identifier, leaf: out.leaves.length, inside: where.note });
      mark(out, start, end);
      cut(out, start, end);
      return;
    case "footnoteDefinition":
      out.definitions.push({ label: node.identifier, node });
      wrap(out, "div", () => renderChildren(source, node, out, { tight: false, note: true }));
      return;
    default:
      cut(out, start, end);
      return;
  }
}

function renderContainer(source: string, node: Parents, out: Rendering, where: Where, tag: string): void {
  const { start, end } = rangeOf(node);
  if (node.type === "paragraph" || node.type === "heading" || node.type === "tableCell") {
    for (const [from, to] of hidingFormulas(source.slice(start, end))) cut(out, start + from, start + to);
    quoteAttributes(source, node, out);
  }
  if (node.type === "table") cutExtraCells(node, out);
  const loose = where.tight && node.type === "paragraph";
  const inner = node.type === "blockquote" || node.type === "root" ? { ...where, tight: false } : where;
  if (tag === "" || loose) {
    renderChildren(source, node, out, inner);
    return;
  }
  wrap(out, tag, () => renderChildren(source, node, out, inner));
}

// Between the children of a known container stands only markup: letters there belong to nothing that is shown.
function renderChildren(source: string, node: Parents, out: Rendering, where: Where): void {
  const { start, end } = rangeOf(node);
  let from = start;
  for (const child of node.children) {
    const range = rangeOf(child);
    if (node.type !== "footnoteDefinition") cutGap(source, from, range.start, out, node.type === "root");
    renderNode(source, child, out, where);
    from = Math.max(from, range.end);
  }
  if (node.children.length > 0 && node.type !== "footnoteDefinition")
    cutGap(source, from, end, out, node.type === "root");
}

function cutGap(source: string, start: number, end: number, out: Rendering, between: boolean): void {
  const gap = source.slice(start, end);
  for (const match of gap.matchAll(/[^\s>*_~#|:\-+=.\d)\\[\]xX]+/g))
    cut(out, start + match.index, start + match.index + match[0].length);
  if (!between) return;
  for (const match of gap.matchAll(/\n{3,}/g))
    out.edits.push({
      start: start + match.index + 2,
      end: start + match.index + match[0].length,
      text: "",
      counts: false,
    });
}

function renderCode(source: string, lang: string, start: number, end: number, out: Rendering): void {
  if (drawn.has(lang.toLowerCase())) {
    cut(out, start, end);
    return;
  }
  const fence = /^(`{3,}|~{3,})([^\n]*)/.exec(source.slice(start, end));
  const info = fence?.[2] ?? "";
  if (fence && info.trim() !== "" && !languages.has(info.trim().toLowerCase())) {
    const from = start + (fence[1] ?? "").length;
    cut(out, from, from + info.length);
  }
  wrap(out, "pre", () => mark(out, start, end));
}

function renderLink(
  source: string,
  node: Extract<Nodes, { type: "link" | "linkReference" }>,
  out: Rendering,
  where: Where,
): void {
  const { start, end } = rangeOf(node);
  const first = node.children[0];
  const last = node.children.at(-1);
  if (!first || !last) {
    cut(out, start, end);
    return;
  }
  const isBare = node.type === "link" && (source[start] === "<" || source[start] !== "[");
  if (!isBare) {
    cut(out, start, rangeOf(first).start);
    cut(out, rangeOf(last).end, end);
  }
  for (const child of node.children) renderNode(source, child, out, where);
}

// GitHub drops cells beyond the header row.
function cutExtraCells(table: Extract<Nodes, { type: "table" }>, out: Rendering): void {
  const columns = table.children[0]?.children.length ?? 0;
  for (const row of table.children) {
    const extra = row.children[columns];
    if (extra) cut(out, rangeOf(extra).start, rangeOf(row).end);
  }
}

function editText(source: string, start: number, end: number, out: Rendering): void {
  const slice = source.slice(start, end);
  for (const match of slice.matchAll(/&(?:#[xX][0-9a-fA-F]{1,6}|#\d{1,7}|[A-Za-z][A-Za-z0-9]{1,31});/g)) {
    if (isHiddenReference(match[0])) cut(out, start + match.index, start + match.index + match[0].length);
  }
  for (const match of slice.matchAll(/(?<=\S)[ \t]{2,}(?=\S)/g)) {
    out.edits.push({
      start: start + match.index + 1,
      end: start + match.index + match[0].length,
      text: "",
      counts: false,
    });
  }
}

// The named references of HTML that stand for characters without a shape.
const hiddenNames = new Set(
  "ZeroWidthSpace NegativeVeryThinSpace NegativeThinSpace NegativeMediumSpace NegativeThickSpace shy zwj zwnj lrm rlm NoBreak ApplyFunction af InvisibleTimes it InvisibleComma ic".split(
    " ",
  ),
);

/** Whether a character reference, decoded, shows nothing. */
export function isHiddenReference(reference: string): boolean {
  const name = reference.slice(1, -1);
  if (!name.startsWith("#")) return hiddenNames.has(name);
  const code = /^#[xX]/.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
  const character = String.fromCodePoint(code);
  return !isVisibleCharacter(character) && !/\p{Zs}/u.test(character);
}

// In raw HTML a number needs no semicolon.
const rawReference = /&(?:#[xX][0-9a-fA-F]{1,6};?|#\d{1,7};?|[A-Za-z][A-Za-z0-9]{1,31};|shy(?![A-Za-z0-9;]))/g;

/** Tags that the parser took for text are written so that the next pass sees them as GitHub does. */
function quoteAttributes(source: string, node: Parents, out: Rendering): void {
  const { end } = rangeOf(node);
  for (const child of node.children) {
    if (child.type !== "text" && "children" in child) quoteAttributes(source, child, out);
    if (child.type !== "text") continue;
    const range = rangeOf(child);
    for (let at = source.indexOf("<", range.start); at >= 0 && at < range.end; at = source.indexOf("<", at + 1)) {
      const tag = quoteTag(source, at, end);
      if (tag) out.quotes.push({ start: at, end: tag.end, text: tag.text, counts: false });
    }
  }
}

/** Raw HTML goes into the rendering as it stands, with a mark at the start of each stretch that may be text. */
function renderRaw(source: string, value: string, start: number, end: number, out: Rendering): void {
  out.raw.push({ start, end });
  for (const [from, to] of hidingFormulas(source.slice(start, end))) cut(out, start + from, start + to);
  const places = placesOf(source.slice(start, end), value, start);
  if (!places) {
    cut(out, start, end);
    return;
  }
  const shown = withoutRawText(value);
  for (const match of value.matchAll(rawReference)) {
    const [first, last] = [places[match.index] ?? -1, places[match.index + match[0].length - 1] ?? -1];
    if (first >= 0 && isHiddenReference(match[0].endsWith(";") ? match[0] : `${match[0]};`)) cut(out, first, last + 1);
  }
  let inTag = false;
  let piece: Leaf | null = null;
  for (let index = 0; index < value.length; index++) {
    const place = places[index] ?? -1;
    if (!inTag && value[index] === "<" && /[a-zA-Z/!?]/.test(value[index + 1] ?? "")) {
      inTag = true;
      piece = null;
    }
    if (!inTag) {
      if (!piece) {
        mark(out, place, place, true);
        piece = out.leaves.at(-1) ?? null;
      }
      if (piece) piece.end = place + 1;
    }
    out.html += shown[index];
    out.origin.push(place);
    if (value[index] === ">") {
      inTag = false;
      piece = null;
    }
  }
}

// Inside quotes and lists each line of the value is the end of a line of the source.
function placesOf(slice: string, value: string, start: number): number[] | null {
  const lines = slice.split("\n");
  const places: number[] = [];
  let offset = start;
  const values = value.split("\n");
  for (let index = 0; index < values.length; index++) {
    const line = lines[index] ?? "";
    const part = values[index] ?? "";
    if (!line.endsWith(part)) return null;
    const shift = offset + line.length - part.length;
    for (let at = 0; at < part.length; at++) places.push(shift + at);
    places.push(offset + line.length);
    offset += line.length + 1;
  }
  return places;
}

function wrap(out: Rendering, tag: string, inner: () => void): void {
  emit(out, `<${tag}>`);
  inner();
  emit(out, `</${tag}>`);
}

function mark(out: Rendering, start: number, end: number, raw = false): void {
  emit(out, `${markOpen}${out.leaves.length}${markClose}`);
  out.leaves.push({ start, end, raw });
}

function emit(out: Rendering, html: string): void {
  out.html += html;
  for (let index = 0; index < html.length; index++) out.origin.push(-1);
}

function cut(out: Rendering, start: number, end: number): void {
  if (end > start) out.edits.push({ start, end, text: "", counts: true });
}

/** Offsets of a node in the source. */
export function rangeOf(node: Nodes): { start: number; end: number } {
  return { start: node.position?.start.offset ?? 0, end: node.position?.end.offset ?? 0 };
}
