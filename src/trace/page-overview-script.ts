/** First part of the page's script: how text is put on the page, then head and tables. */
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
  card(view.totals.took, "at work");
  card(view.totals.turns, "turns");
  card(view.totals.runs, "runs");
  card(view.totals.contexts, "contexts");
  top.append(cards);
  if (view.request.body && view.request.body !== view.request.title) {
    const asked = el("details", "asked");
    asked.append(el("summary", "", "what was asked"), el("pre", "", view.request.body));
    top.append(asked);
  }
  page.append(top);
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
    page.append(el("h2", "", "Criteria"), table(["", "criterion", "status", "since"], view.criteria.map((c) => {
      const [turn, status, seq] = c.changes.at(-1);
      const since = el("a", "", "turn " + turn);
      since.href = "#e" + seq;
      return [c.id, c.text + (c.must ? "" : " (optional)"), el("span", status === "pass" ? "good" : status === "fail" ? "bad" : "dim", status), since];
    })));
  }
  const runs = el("div"), roles = el("div"), both = el("div", "two");
  runs.append(el("h2", "", "Runs"), table(["run", "started (UTC)", "by", "ended", "spent", "walls"], view.runs.map((r) => [link(r.url, String(r.epoch)), r.started.replace("T", " ").slice(0, 16), r.trigger + (r.actor ? ", " + r.actor : ""), r.stop, r.usd, r.walls])));
  roles.append(el("h2", "", "Spend by role"), table(["role", "turns", "spent"], view.by_role.map((r) => {
    const name = el("span", "role");
    name.append(el("i", "b-" + r.role), r.role);
    return [name, r.turns, r.usd];
  })));
  both.append(roles, runs);
  page.append(both);
}

`;
