/** The part of the page's script that draws the charts: contexts, spend, prompt size and criteria over turns. */
export const pageChartsScript = String.raw`
// ---- charts: one x axis, the turns of the session; beyond the last turn a little room shows how each criterion ended ----
const charts = el("section");
function drawCharts() {
  charts.replaceChildren(el("h2", "", "Course"));
  const width = Math.max(280, charts.clientWidth - 14);
  const turns = Math.max(1, view.series.length);
  const left = 74, right = 8, tail = 34, end = width - right - tail;
  const x = (turn) => left + ((end - left) * Math.min(turn, turns)) / turns;
  const frame = (height, name) => {
    const box = el("div", "chart");
    const root = svg("svg", { width, height, viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": name });
    box.append(root);
    charts.append(box);
    return root;
  };
  const marks = (root, height, top = 0) => {
    for (const run of view.runs) root.append(svg("line", { class: "grid", x1: x(run.turn - 1), x2: x(run.turn - 1), y1: top, y2: height }));
  };
  const roles = ["initializer", "worker", "evaluator"].filter((role) => view.contexts.some((c) => c.role === role));
  drawLanes({ width, x, roles, frame, marks });
  if (view.series.length > 0) {
    const scale = { left, end, width, x, frame, marks };
    drawPlot(scale, "Spend", usd, view.series.map((s) => s.usd_micro), (y) => spendAreas(roles, x, y, width));
    drawPlot(scale, "Context, tokens", short, view.series.map((s) => s.tokens), (y) => contextLines(x, y, width));
  }
  if (view.criteria.length > 0) drawCriteria({ end: width - right, x, frame, marks });
}
// Contexts by role.
function drawLanes({ width, x, roles, frame, marks }) {
  const lane = 22, height = 20 + roles.length * lane + 6;
  const root = frame(height, "Contexts by role over turns");
  marks(root, height);
  view.runs.forEach((run, index) => root.append(svg("text", { x: x(run.turn - 1) + 4, y: 12, class: "strong" }, width / view.runs.length > 150 ? "run " + run.epoch + " · " + run.stop : width / view.runs.length > 70 || index === 0 ? "run " + run.epoch : "")));
  roles.forEach((role, index) => root.append(svg("text", { x: 0, y: 20 + index * lane + 14 }, role)));
  for (const context of view.contexts) {
    const row = roles.indexOf(context.role);
    if (row < 0) continue;
    const from = x(context.from - 1), to = x(Math.max(context.to, context.from - 1));
    const label = context.id + " · " + context.role + " · " + context.model + (context.criterion ? " · " + context.criterion : "") + "\n" + context.end;
    const box = svg("rect", { x: from, y: 20 + row * lane, width: Math.max(3, to - from - 1), height: lane - 5, rx: 3, class: "f-" + context.role, "data-go": context.seq, tabindex: 0, role: "button", "aria-label": label });
    box.append(svg("title", {}, label));
    root.append(box);
    if (context.criterion && to - from > 34) root.append(svg("text", { x: from + 6, y: 20 + row * lane + 13, class: "on" }, context.criterion));
  }
}
// One plot over turns: a scale, what 'draw' makes of it, and a click or a hover that names the turn.
function drawPlot({ left, end, width, x, frame, marks }, name, label, values, draw) {
  const height = 112, bottom = height - 18;
  const root = frame(height, name);
  let most = 1;
  for (const value of values) most = Math.max(most, value);
  const y = (v) => bottom - ((bottom - 30) * v) / most;
  marks(root, bottom, 18);
  for (const part of [0, 0.5, 1]) {
    root.append(svg("line", { class: "grid", x1: left, x2: end, y1: y(most * part), y2: y(most * part) }));
    root.append(svg("text", { x: left - 6, y: y(most * part) + 4, "text-anchor": "end" }, label(most * part)));
  }
  root.append(svg("text", { x: 0, y: 12, class: "strong" }, name), ...draw(y));
  root.append(svg("text", { x: left, y: height - 4 }, "turn 1"), svg("text", { x: end, y: height - 4, "text-anchor": "end" }, "turn " + values.length));
  const hit = svg("rect", { x: left, y: 0, width: Math.max(1, end - left), height, fill: "transparent", "data-plot": "1" });
  const tip = svg("title", {});
  hit.append(tip);
  const turnAt = (event) => Math.max(1, Math.min(values.length, Math.ceil(((event.clientX - root.getBoundingClientRect().left - left) / (end - left)) * values.length)));
  hit.addEventListener("mousemove", (event) => { const n = turnAt(event); tip.textContent = "turn " + n + " (" + view.series[n - 1].role + "): " + label(values[n - 1]); });
  hit.addEventListener("click", (event) => { const at = view.series[turnAt(event) - 1]; if (at) go(at.seq, true); });
  root.append(hit);
}
// At most two points per pixel; of each slice the highest, so that no peak is lost.
function sample(from, to, width, valueAt) {
  const step = Math.max(1, Math.floor(view.series.length / width)), kept = [];
  for (let i = from; i < to; i += step) {
    let high = i;
    for (let j = i; j < Math.min(to, i + step); j += 1) if (valueAt(j) > valueAt(high)) high = j;
    kept.push(high);
  }
  if (kept.at(-1) !== to - 1 && to > from) kept.push(to - 1);
  return kept;
}
const pair = (px, py) => px.toFixed(1) + "," + py.toFixed(1);
// What each role has spent so far, one upon the other.
function spendAreas(roles, x, y, width) {
  const sums = roles.map(() => 0), tops = [];
  let before = 0;
  for (const { role, usd_micro } of view.series) {
    const at = Math.max(0, roles.indexOf(role));
    sums[at] += usd_micro - before;
    before = usd_micro;
    let sum = 0;
    tops.push(sums.map((one) => (sum += one)));
  }
  const kept = sample(0, tops.length, width, (i) => view.series[i].usd_micro);
  const line = (role) => [pair(x(0), y(0)), ...kept.map((i) => pair(x(i + 1), y(role < 0 ? 0 : tops[i][role])))];
  return roles.map((role, index) => svg("polygon", { class: "area f-" + role, points: [...line(index), ...line(index - 1).reverse()].join(" ") }))
    .concat(svg("polyline", { class: "curve", points: line(roles.length - 1).join(" ") }));
}
// The prompt of each context grows from its first turn on; every context has its own line.
function contextLines(x, y, width) {
  return view.contexts.filter((c) => c.to >= c.from).map((c) => svg("polyline", {
    class: "curve s-" + c.role,
    points: [pair(x(c.from - 1), y(view.series[c.from - 1].tokens)), ...sample(c.from - 1, c.to, width, (i) => view.series[i].tokens).map((i) => pair(x(i + 1), y(view.series[i].tokens)))].join(" "),
  }));
}
function drawCriteria({ end, x, frame, marks }) {
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
      const from = x(turn), to = next ? x(next[0]) : end;
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
    if (!view.criteria.some((c) => c.changes.some((change) => change[1] === status))) continue;
    const item = el("span");
    item.append(el("i", "b-" + status), status);
    legend.append(item);
  }
  charts.append(legend);
}
`;
