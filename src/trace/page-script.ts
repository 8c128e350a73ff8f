import { pageChartsScript } from "./page-charts-script.ts";
import { pageOverviewScript } from "./page-overview-script.ts";

/**
 * Script of the trace page, as text because it is hashed into the page's policy. It puts everything on the page through
 * `textContent` and attributes of its own making; rows are drawn in chunks and their bodies only when opened.
 */
export const pageScript =
  pageOverviewScript +
  pageChartsScript +
  String.raw`
// ---- rows ----
const list = el("section");
const nodes = new Map();
const bySeq = new Map((view ? view.rows : []).map((row) => [row.seq, row]));
const byTurn = new Map((view ? view.rows : []).filter((row) => row.turn !== null).map((row) => [row.turn, row]));
const shown = new Set(kinds);
let needle = "", here = null;

function drawRow(row) {
  const node = el("article", "row" + (row.bad ? " isbad" : "") + (row.weight ? " is" + row.weight : ""));
  const head = el("button", "head");
  head.type = "button";
  head.setAttribute("aria-expanded", "false");
  head.append(el("span", "n", row.turn === null ? "" : "#" + row.turn));
  head.append(el("span", "k " + (row.kind === "turn" ? "b-" + row.role : "k-" + row.kind), row.kind === "turn" ? row.role : row.kind));
  head.append(el("span", "t", row.title || "(no words)"));
  head.append(el("span", "f", row.facts.join(" · ")));
  node.append(head);
  node.dataset.seq = row.seq;
  nodes.set(row.seq, node);
  return node;
}
// Chunks are filled when they come near the window, or when a row of theirs is asked for.
const chunk = 100;
const chunks = [];
const watcher = new IntersectionObserver((entries) => { for (const entry of entries) if (entry.isIntersecting) fill(chunks.indexOf(entry.target)); }, { rootMargin: "1200px" });
function drawRows() {
  for (let i = 0; i < view.rows.length; i += chunk) {
    const box = el("div", "chunk");
    chunks.push(box);
    list.append(box);
  }
  view.rows.forEach((row, index) => { row.index = index; row.on = true; });
  fill(0);
  for (const box of chunks) watcher.observe(box);
}
function fill(number) {
  const box = chunks[number];
  if (!box || box.dataset.full) return;
  box.dataset.full = "1";
  watcher.unobserve(box);
  for (const row of view.rows.slice(number * chunk, (number + 1) * chunk)) {
    const node = drawRow(row);
    node.hidden = !row.on;
    box.append(node);
  }
}
function nodeOf(row) {
  fill(Math.floor(row.index / chunk));
  return nodes.get(row.seq);
}
function drawPart(part) {
  const box = el("details", part.tone || "");
  const bytes = part.text.length;
  const brief = part.text.split("\n", 1)[0].slice(0, 90);
  box.append(el("summary", "", part.label + (bytes > 90 || part.text.includes("\n") ? " · " + short(bytes) + " characters" : "") + (brief ? " · " + brief : "")));
  box.open = bytes <= 1500 && part.tone !== "quiet" && !(part.tone === "good" && part.text.split("\n").length > 6);
  const fill = () => {
    if (box.dataset.full || !box.open) return;
    box.dataset.full = "1";
    const pre = el("pre");
    if (part.label === "diff") {
      for (const line of part.text.split("\n")) {
        const tone = /^\+(?!\+\+)/.test(line) ? "add" : /^-(?!--)/.test(line) ? "del" : /^@@/.test(line) ? "hunk" : "";
        pre.append(tone ? el("span", tone, line) : put(document.createDocumentFragment(), line), "\n");
      }
    } else put(pre, part.text);
    box.append(pre);
  };
  box.addEventListener("toggle", fill);
  fill();
  return box;
}
function open(row, on) {
  const node = nodeOf(row);
  const old = node.querySelector(":scope > .body");
  node.firstChild.setAttribute("aria-expanded", String(on));
  if (!on) { if (old) old.remove(); return; }
  if (old) return;
  const body = el("div", "body");
  const context = row.context === null ? null : view.contexts[row.context];
  const meta = el("p", "meta", row.at.replace("T", " ").slice(0, 19) + (context ? " · context " + context.id + " (" + context.role + (context.criterion ? ", " + context.criterion : "") + ")" : "") + " · event " + row.seq + " · ");
  const self = el("a", "", "link");
  self.href = "#" + (row.turn === null ? "e" + row.seq : "t" + row.turn);
  meta.append(self);
  body.append(meta);
  for (const part of row.parts) body.append(drawPart(part));
  if (row.parts.length === 0) body.append(el("p", "dim", "Nothing more is recorded."));
  node.append(body);
}
function isOpen(row) { return nodes.get(row.seq)?.firstChild.getAttribute("aria-expanded") === "true"; }
function go(seq, opened) {
  // A context's own event may be filtered away: the nearest row at or after it that is visible.
  const row = bySeq.get(seq) || view.rows.find((r) => r.seq >= seq);
  if (!row) return;
  const node = nodeOf(row);
  row.on = true;
  node.hidden = false;
  chunks[Math.floor(row.index / chunk)].hidden = false;
  if (here !== null) nodes.get(here).classList.remove("here");
  here = row.seq;
  node.classList.add("here");
  if (opened) open(row, true);
  // The head of what was opened, however long its body is.
  node.firstChild.scrollIntoView({ block: opened ? "start" : "center" });
  node.firstChild.focus({ preventScroll: true });
}
function visible() { return view.rows.filter((row) => row.on); }
function move(by, test) {
  const rows = visible();
  let at = rows.findIndex((row) => row.seq === here);
  if (at < 0) at = by > 0 ? -1 : rows.length;
  for (at += by; at >= 0 && at < rows.length; at += by) if (!test || test(rows[at])) return go(rows[at].seq, false);
}
function textOf(row) {
  if (row.q === undefined) row.q = (row.title + "\n" + row.facts.join(" ") + "\n" + row.parts.map((p) => p.label + "\n" + p.text).join("\n")).toLowerCase();
  return row.q;
}
let count;
function filter() {
  let n = 0;
  for (const row of view.rows) {
    const on = shown.has(row.kind) && (needle === "" || textOf(row).includes(needle));
    row.on = on;
    const node = nodes.get(row.seq);
    if (node) node.hidden = !on;
    if (on) n += 1;
  }
  // A chunk without a visible row takes no room; a part-empty one is drawn, so that its height is true.
  const filtered = n < view.rows.length;
  chunks.forEach((box, number) => {
    box.hidden = !view.rows.slice(number * chunk, (number + 1) * chunk).some((row) => row.on);
    if (filtered && !box.hidden) fill(number);
  });
  count.textContent = n + " of " + view.rows.length;
}
const help = el("div", "help");
function drawBar() {
  const bar = el("div", "bar");
  const search = el("input");
  search.type = "search";
  search.placeholder = "Search everything ( / )";
  search.setAttribute("aria-label", "Search");
  let timer;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => { needle = search.value.trim().toLowerCase(); filter(); }, 120); });
  bar.append(search);
  for (const kind of kinds) {
    const n = view.rows.filter((row) => row.kind === kind).length;
    if (n === 0) continue;
    const button = el("button", "", kind + " " + n);
    button.type = "button";
    button.dataset.kind = kind;
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", (event) => {
      if (event.altKey || event.shiftKey) { shown.clear(); shown.add(kind); }
      else if (!shown.delete(kind)) shown.add(kind);
      for (const other of bar.querySelectorAll("[data-kind]")) other.setAttribute("aria-pressed", String(shown.has(other.dataset.kind)));
      filter();
    });
    bar.append(button);
  }
  const theme = el("button", "", "dark / light");
  theme.type = "button";
  theme.addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  const keys = el("button", "", "?");
  keys.type = "button";
  keys.setAttribute("aria-label", "Keys");
  keys.addEventListener("click", () => { help.hidden = !help.hidden; });
  count = el("span", "dim");
  bar.append(count, theme, keys);
  help.hidden = true;
  for (const [key, what] of [["j k", "next, previous row"], ["o Enter", "open or close"], ["n p", "next, previous failure"], ["v", "next verdict"], ["/", "search"], ["g G", "first, last row"], ["Esc", "leave search, close all"], ["Shift+click", "show only one kind"]]) {
    const line = el("div");
    for (const one of key.split(" ")) line.append(el("kbd", "", one), " ");
    line.append(what);
    help.append(line);
  }
  page.append(el("h2", "", "Everything, in order"), bar, list, help);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === search) { if (event.key === "Escape") { search.value = ""; needle = ""; filter(); search.blur(); } return; }
    const current = here === null ? null : bySeq.get(here);
    const actions = {
      j: () => move(1), k: () => move(-1), n: () => move(1, (r) => r.bad), p: () => move(-1, (r) => r.bad), v: () => move(1, (r) => r.kind === "verdict"),
      g: () => { here = null; move(1); }, G: () => { here = null; move(-1); },
      o: () => { if (current) open(current, !isOpen(current)); },
      "/": () => search.focus(), "?": () => { help.hidden = !help.hidden; },
      Escape: () => { help.hidden = true; for (const row of view.rows) if (isOpen(row)) open(row, false); },
    };
    if (Object.hasOwn(actions, event.key)) { event.preventDefault(); actions[event.key](); }
    else if (event.key === "Enter" && event.target instanceof SVGElement && event.target.dataset.go) go(Number(event.target.dataset.go), false);
  });
}
list.addEventListener("click", (event) => {
  const head = event.target instanceof Element ? event.target.closest(".head") : null;
  if (!head) return;
  const row = bySeq.get(Number(head.parentNode.dataset.seq));
  if (here !== null) nodes.get(here).classList.remove("here");
  here = row.seq;
  head.parentNode.classList.add("here");
  open(row, !isOpen(row));
});
charts.addEventListener("click", (event) => {
  const at = event.target instanceof Element ? event.target.closest("[data-go]") : null;
  if (at) go(Number(at.dataset.go), false);
});
function followHash() {
  const match = /^#([te])(\d+)$/.exec(location.hash);
  if (!match) return;
  const row = match[1] === "t" ? byTurn.get(Number(match[2])) : bySeq.get(Number(match[2]));
  if (row) go(row.seq, true);
}
if (view === null) page.append(el("h1", "", "This journal is empty"), el("p", "dim", "No event was recorded, so there is nothing to show."));
else {
  drawHead();
  page.append(charts);
  drawCharts();
  drawTables();
  drawBar();
  drawRows();
  filter();
  followHash();
  addEventListener("hashchange", followHash);
  let width = charts.clientWidth;
  addEventListener("resize", () => { if (charts.clientWidth !== width) { width = charts.clientWidth; drawCharts(); } });
}
document.documentElement.dataset.ready = "1";
`;
