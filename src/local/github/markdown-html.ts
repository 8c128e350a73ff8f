import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";

/** What this renderer reads of a markdown tree. */
interface Node {
  type: string;
  value?: string;
  depth?: number;
  url?: string;
  alt?: string | null;
  lang?: string | null;
  ordered?: boolean | null;
  checked?: boolean | null;
  children?: Node[];
}

/** Makes text harmless in HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

const INLINE_TAGS: Record<string, string> = {
  strong: "strong",
  emphasis: "em",
  delete: "del",
  paragraph: "p",
  blockquote: "blockquote",
};
/** Raw HTML that GitHub shows; all else is shown as text, comments not at all. */
const ALLOWED_TAG = /^<\/?(details|summary|br|sub|sup|kbd|b|i|em|strong|code|hr|p)( open)?\s*\/?>$/i;

/** Renders GitHub's markdown as plain HTML; nothing in it can be script. */
export function renderMarkdown(text: string): string {
  const tree = fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  return renderAll((tree as Node).children ?? []);
}

function renderAll(nodes: readonly Node[]): string {
  return nodes.map(renderNode).join("");
}

function renderNode(node: Node): string {
  const inner = () => renderAll(node.children ?? []);
  const tag = INLINE_TAGS[node.type];
  if (tag) return `<${tag}>${inner()}</${tag}>`;
  switch (node.type) {
    case "text":
      return escapeHtml(node.value ?? "");
    case "heading":
      return `<h${node.depth}>${inner()}</h${node.depth}>`;
    case "inlineCode":
      return `<code>${escapeHtml(node.value ?? "")}</code>`;
    case "code":
      return `<pre><code>${escapeHtml(node.value ?? "")}</code></pre>`;
    case "break":
      return "<br>";
    case "thematicBreak":
      return "<hr>";
    case "list":
      return node.ordered ? `<ol>${inner()}</ol>` : `<ul>${inner()}</ul>`;
    case "listItem":
      return `<li>${renderBox(node.checked)}${inner()}</li>`;
    case "link":
      return `<a href="${safeUrl(node.url)}" rel="nofollow">${inner()}</a>`;
    case "image":
      return `[image: ${escapeHtml(node.alt ?? "")}]`;
    case "table":
      return renderTable(node);
    case "html":
      return renderRaw(node.value ?? "");
    default:
      return inner();
  }
}

function renderBox(checked: boolean | null | undefined): string {
  if (checked === undefined || checked === null) return "";
  return `<input type="checkbox" disabled${checked ? " checked" : ""}> `;
}

function safeUrl(url: string | undefined): string {
  return /^(https?:|mailto:|#|\/)/i.test(url ?? "") ? escapeHtml(url!) : "#";
}

function renderTable(node: Node): string {
  const rows = (node.children ?? []).map((row, index) => {
    const cell = index === 0 ? "th" : "td";
    const cells = (row.children ?? []).map((one) => `<${cell}>${renderAll(one.children ?? [])}</${cell}>`);
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<table>${rows.join("")}</table>`;
}

function renderRaw(raw: string): string {
  return raw
    .replace(/<!--[\s\S]*?-->/g, "")
    .split(/(<[^>]*>)/)
    .map((part) => (ALLOWED_TAG.test(part) ? part : escapeHtml(part)))
    .join("");
}
