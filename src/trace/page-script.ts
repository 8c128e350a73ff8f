/**
 * Script of the trace page, as text because it is hashed into the page's policy. It puts everything on the page through
 * `textContent` and attributes of its own making; rows are drawn in chunks and their bodies only when opened.
 */
export const pageScript = String.raw`
"use strict";
const view = JSON.parse(document.getElementById("trace").textContent);
const page = document.getElementById("page");
const svgNs = "http://www.w3.org/2000/svg";
const kinds = ["turn", "verdict", "retry", "nudge", "reset", "blocked", "warning", "checkpoint", "person", "published", "run"];
// Characters that hide or reorder text are shown by their code.
const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

function put(parent, text) {
  let at = 0;
  for (const match of text.matchAll(hidden)) {
    if (match.index > at) parent.append(text.slice(at, match.index));
    const code = document.createElement("span");
    code.className = "esc";
    code.textContent = "U+" + match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    parent.append(code);
    at = match.index + match[0].length;
  }
  if (at < text.length) parent.append(at === 0 ? text : text.slice(at));
  return parent;
}
function el(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) put(node, String(text));
  return node;
}
function svg(tag, attributes, text) {
  const node = document.createElementNS(svgNs, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) put(node, String(text));
  return node;
}
function link(url, text) {
  if (!/^https?:\/\//i.test(url || "")) return el("span", "", text);
  const a = el("a", "", text);
  a.href = url;
  a.rel = "noopener noreferrer";
  return a;
}
const usd = (micro) => "$" + (micro / 1e6).toFixed(micro >= 1e6 || micro === 0 ? 2 : 4);
const short = (n) => (n >= 1e6 ? (n / 1e6).toFixed(1) + "M" : n >= 1e3 ? (n / 1e3).toFixed(n >= 1e4 ? 0 : 1) + "k" : String(n));

// ---- head ----
function drawHead() {
  const top = el("div");
  top.append(el("h1", "", view.request.title || view.session));
  const sub = el("p", "sub");
  sub.append(link(view.request.url, view.session), el("span", "", " · " + view.branch + (view.generation > 1 ? " · generation " + view.generation : "") + " · asked by " + view.requester));
  top.append(sub);
  const cards = el("div", "cards");
  const card = (value, label, tone) => {
    const box = el("div", "card");
    box.append(el("b", tone || "", value), el("span", "", label));
    cards.append(box);
  };
  card(view.verdict || "none yet", "verdict", view.verdict === "pass" ? "good" : view.verdict ? "bad" : "");
  card(view.stop || "open", "last ending");
  const passed = view.criteria.filter((c) => c.changes.at(-1)[1] === "pass").length;
  card(passed + " of " + view.criteria.length, "criteria pass");
  card(view.totals.usd, "spent");
  card(view.totals.turns, "turns");
  card(view.totals.runs, "runs");
  card(view.totals.contexts, "contexts");
  top.append(cards);
  page.append(top);
}

// ---- charts: one x axis, the turns of the session ----
const charts = el("section");
function drawCharts() {
  charts.replaceChildren(el("h2", "", "Course"));
  const width = Math.max(280, charts.clientWidth - 14);
  const turns = Math.max(1, view.series.length);
  const left = 74, right = 10;
  const x = (turn) => left + ((width - left - right) * Math.min(turn, turns)) / turns;
  const frame = (height, name) => {
    const box = el("div", "chart");
    const root = svg("svg", { width, height, viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": name });
    box.append(root);
    charts.append(box);
    return root;
  };
  const marks = (root, height) => {
    for (const run of view.runs) root.append(svg("line", { class: "grid", x1: x(run.turn - 1), x2: x(run.turn - 1), y1: 0, y2: height }));
  };
  // contexts by role
  const roles = ["initializer", "worker", "evaluator"].filter((role) => view.contexts.some((c) => c.role === role));
  const lane = 22, laneHeight = 20 + roles.length * lane + 6;
  const lanes = frame(laneHeight, "Contexts by role over turns");
  marks(lanes, laneHeight);
  view.runs.forEach((run, index) => lanes.append(svg("text", { x: x(run.turn - 1) + 4, y: 12, class: "strong" }, width / view.runs.length > 70 || index === 0 ? "run " + run.epoch : "")));
  roles.forEach((role, index) => lanes.append(svg("text", { x: 0, y: 20 + index * lane + 14 }, role)));
  for (const context of view.contexts) {
    const row = roles.indexOf(context.role);
    if (row < 0) continue;
    const from = x(context.from - 1), to = x(Math.max(context.to, context.from - 1));
    const box = svg("rect", { x: from, y: 20 + row * lane, width: Math.max(3, to - from - 1), height: lane - 5, rx: 3, class: "f-" + context.role, "data-go": context.seq, tabindex: 0 });
    box.append(svg("title", {}, context.id + " · " + context.role + " · " + context.model + (context.criterion ? " · " + context.criterion : "") + "\n" + context.end));
    lanes.append(box);
  }
  // spend and prompt size
  const plot = (name, values, className, label) => {
    const height = 112, bottom = height - 18;
    const root = frame(height, name);
    const most = Math.max(1, ...values.map((v) => v));
    const y = (v) => bottom - ((bottom - 30) * v) / most;
    marks(root, bottom);
    for (const part of [0, 0.5, 1]) {
      root.append(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(most * part), y2: y(most * part) }));
      root.append(svg("text", { x: left - 6, y: y(most * part) + 4, "text-anchor": "end" }, label(most * part)));
    }
    root.append(svg("text", { x: 0, y: 12, class: "strong" }, name));
    // At most two points per pixel: the extremes of each slice, so that no peak is lost.
    const step = Math.max(1, Math.floor(values.length / width));
    const points = [];
    for (let i = 0; i < values.length; i += step) {
      let high = i;
      for (let j = i; j < Math.min(values.length, i + step); j += 1) if (values[j] > values[high]) high = j;
      points.push(x(high + 1).toFixed(1) + "," + y(values[high]).toFixed(1));
    }
    root.append(svg("polyline", { class: className, points: points.join(" ") }));
    root.append(svg("text", { x: left, y: height - 4 }, "turn 1"), svg("text", { x: width - right, y: height - 4, "text-anchor": "end" }, "turn " + view.series.length));
    const hit = svg("rect", { x: left, y: 0, width: Math.max(1, width - left - right), height, fill: "transparent", "data-plot": "1" });
    const tip = svg("title", {});
    hit.append(tip);
    const turnAt = (event) => Math.max(1, Math.min(view.series.length, Math.ceil(((event.clientX - root.getBoundingClientRect().left - left) / (width - left - right)) * turns)));
    hit.addEventListener("mousemove", (event) => { const n = turnAt(event); tip.textContent = "turn " + n + ": " + label(values[n - 1] || 0); });
    hit.addEventListener("click", (event) => { const at = view.series[turnAt(event) - 1]; if (at) go(at.seq, true); });
    root.append(hit);
  };
  if (view.series.length > 0) {
    plot("Spend", view.series.map((s) => s.usd_micro), "curve", usd);
    plot("Context, tokens", view.series.map((s) => s.tokens), "curve2", short);
  }
  // criteria
  if (view.criteria.length > 0) {
    const line = 18, height = view.criteria.length * line + 6;
    const root = frame(height, "Criteria over turns");
    const edges = [];
    marks(root, height);
    view.criteria.forEach((criterion, index) => {
      const name = svg("text", { x: 0, y: index * line + 15, class: "strong" }, criterion.id + (criterion.must ? "" : " (opt.)"));
      name.append(svg("title", {}, criterion.text));
      root.append(name);
      criterion.changes.forEach(([turn, status], at) => {
        const next = criterion.changes[at + 1];
        const from = x(turn), to = next ? x(next[0]) : width - right;
        // A verdict that was sent back at once would have no width: it keeps a visible edge.
        const brief = to - from < 4 && (status === "fail" || status === "pass" || status === "unverifiable");
        const box = svg("rect", { x: brief ? from - 3 : from, y: index * line + 4, width: brief ? 6 : Math.max(0, to - from), height: line - 5, rx: 2, class: "f-" + status });
        box.append(svg("title", {}, criterion.id + " " + status + " after turn " + turn + "\n" + criterion.text));
        if (brief) edges.push(box); else root.append(box);
      });
    });
    root.append(...edges);
    const legend = el("p", "legend");
    for (const status of ["open", "claimed", "pass", "fail", "unverifiable"]) {
      const item = el("span");
      item.append(el("i", "b-" + status), status);
      legend.append(item);
    }
    charts.append(legend);
  }
}

function drawTables() {
  const table = (head, rows) => {
    const box = el("div", "scroll"), node = el("table"), first = el("tr");
    for (const name of head) first.append(el("th", "", name));
    node.append(first);
    for (const cells of rows) {
      const line = el("tr");
      for (const cell of cells) {
        const td = el("td");
        td.append(cell instanceof Node ? cell : put(document.createDocumentFragment(), String(cell)));
        line.append(td);
      }
      node.append(line);
    }
    box.append(node);
    return box;
  };
  if (view.criteria.length > 0) {
    page.append(el("h2", "", "Criteria"), table(["", "criterion", "status"], view.criteria.map((c) => {
      const status = c.changes.at(-1)[1];
      return [c.id, c.text, el("span", status === "pass" ? "good" : status === "fail" ? "bad" : "dim", status)];
    })));
  }
  page.append(el("h2", "", "Runs"), table(["run", "started", "by", "ended", "spent", "walls"], view.runs.map((r) => [link(r.url, String(r.epoch)), r.started.replace("T", " ").slice(0, 16), r.trigger + (r.actor ? ", " + r.actor : ""), r.stop, r.usd, r.walls])));
  page.append(el("h2", "", "Spend by role"), table(["role", "turns", "spent"], view.by_role.map((r) => [r.role, r.turns, r.usd])));
}

// ---- rows ----
const list = el("section");
const nodes = new Map();
const bySeq = new Map((view ? view.rows : []).map((row) => [row.seq, row]));
const byTurn = new Map((view ? view.rows : []).filter((row) => row.turn !== null).map((row) => [row.turn, row]));
const shown = new Set(kinds);
let needle = "", here = null;

function drawRow(row) {
  const node = el("article", "row" + (row.bad ? " isbad" : ""));
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
  box.open = bytes <= 1500 && part.tone !== "quiet";
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
  node.scrollIntoView({ block: "center" });
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
