import { createHash } from "node:crypto";
import type { Event } from "../domain/event.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";
import { readView } from "./read-view.ts";

/**
 * The whole session as one self-contained HTML file. Nothing from the journal becomes markup: it lies in the page as
 * escaped JSON and is shown as text by one script; the page's policy allows that script and style by hash, and no network.
 * `diffs` are patches by commit or checkpoint hash, where the caller has them.
 */
export function renderTrace(events: readonly Event[], options: { diffs?: ReadonlyMap<string, string> } = {}): string {
  const view = readView(events, options.diffs);
  const title = view ? `${view.session} · Baton trace` : "Baton trace";
  const policy = [
    "default-src 'none'",
    `script-src '${hashSource(pageScript)}'`,
    `style-src '${hashSource(pageStyle)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${pageStyle}</style></head><body>`,
    '<main id="page"><noscript>This trace is drawn by a script inside this file; it loads nothing from elsewhere. The journal beside it has the same events as text.</noscript></main>',
    `<script type="application/json" id="trace">${embedJson(view)}</script>`,
    `<script>${pageScript}</script>`,
    "</body></html>",
    "",
  ].join("\n");
}

/** JSON that can stand inside a script element: no `<`, so no `</script` and no `<!--`. */
export function embedJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function hashSource(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
