/** First half of the page's script: how text is put on the page, then head, charts and tables. */
export const pageOverviewScript = String.raw`
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

`;
