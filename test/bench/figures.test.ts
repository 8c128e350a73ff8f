import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isDecisive, makeFigure, makeRatio, type PartResult } from "../../bench/kit/figure.ts";
import { mergeResults, readResults, renderResults } from "../../bench/kit/json.ts";
import { describeMachine } from "../../bench/kit/machine.ts";
import { meaningOf } from "../../bench/kit/meanings.ts";
import { explainOnly } from "../../bench/kit/only.ts";
import { renderPage } from "../../bench/kit/page.ts";
import { didHold, renderAgreement } from "../../bench/kit/render.ts";

const bench = join(import.meta.dirname, "../../bench");

function resultOf(given: Partial<PartResult>): PartResult {
  const usual = { bench: "brain", machine: describeMachine(), figures: [], notes: [], charts: [] };
  return { ...usual, seconds: 1, budget: 2, broken: null, ...given };
}

test("a written figure has the eight names of the format, and its ratio to the floor stands beside it", () => {
  const overhead = makeFigure({
    id: "P2.overhead_ms",
    values: [20, 24, 28, 40],
    floor: [10, 12, 12, 16],
    unit: "ms",
    goal: "<=30",
  });
  const text = renderResults([resultOf({ figures: [overhead] })]);
  const written = JSON.parse(text) as { figures: object[]; ratios: object[] };
  expect(written.figures).toEqual([
    { id: "P2.overhead_ms", value: 28, p95: 40, unit: "ms", n: 4, floor: 12, goal: "<=30", holds: true },
  ]);
  expect(written.ratios).toEqual([{ id: "P2.overhead_ms", value: 2.333, low: 24 / 16, high: 3.333 }]);
  expect(readResults(text)[0]?.figures[0]).toEqual(overhead);
});

test("a time and a ratio of times only report; a count that falls short, or a part that broke off, fails", () => {
  const slow = makeFigure({ id: "P1.start_ms", values: [900], unit: "ms", goal: "<=400" });
  const steep = makeRatio({ id: "P11.turn_cost_slope", of: [9, 9, 9, 9], to: [1, 1, 1, 1], goal: "<=1.5" });
  const wrong = makeFigure({ id: "W2.false_accepts", values: 1, unit: "policies", goal: "=0" });
  expect([slow, steep, wrong].map(({ holds }) => holds)).toEqual([false, false, false]);
  expect([slow, steep, wrong].map(isDecisive)).toEqual([false, false, true]);
  expect(didHold(resultOf({ figures: [slow, steep] }))).toBe(true);
  expect(didHold(resultOf({ figures: [wrong] }))).toBe(false);
  expect(didHold(resultOf({ broken: "exit 1: boom" }))).toBe(false);
});

test("a figure without samples does not hold", () => {
  expect(makeFigure({ id: "P4.rss_mb", values: [], unit: "MB", goal: "<=200" }).holds).toBe(false);
});

test("two runs agree where the spreads that they state meet", () => {
  const run = (of: number[]): PartResult[] => [
    resultOf({ figures: [makeFigure({ id: "P2.overhead_ms", values: of, floor: [10, 10, 10, 10], unit: "ms" })] }),
  ];
  expect(renderAgreement(run([20, 22, 24, 26]), run([24, 25, 30, 32])).agree).toBe(true);
  expect(renderAgreement(run([20, 22, 24, 26]), run([60, 61, 62, 63])).agree).toBe(false);
  const single = [resultOf({ figures: [makeFigure({ id: "P4.rss_mb", values: 150, floor: 90, unit: "MB" })] })];
  expect(renderAgreement(single, single).text).toBe("0 of 0 ratios agree.");
});

test("the page says what does not hold, what broke off and what was not measured", () => {
  const late = makeFigure({ id: "P1.start_ms", values: [900], unit: "ms", goal: "<=400" });
  const page = renderPage([resultOf({ figures: [late] }), resultOf({ bench: "crash", broken: "exit 1: boom" })]);
  expect(page).toContain("P1.start_ms is 900 ms, goal <=400 (a time: it only reports): from the claim of the session");
  expect(page).toContain("The part **crash** broke off: exit 1: boom");
  expect(page).toMatch(/\*\*R14\*\* is not measured/);
  expect(page).toContain("from one run, never by hand");
});

test("a page from several runs says so, and when each part was measured", () => {
  const machine = { ...describeMachine(), at: "2026-11-28T01:02", load: 0.5 };
  const page = renderPage([resultOf({}), resultOf({ bench: "crash", machine, seconds: 61 })]);
  expect(page).toContain("from 2 runs of some parts each, one after the other, never by hand");
  expect(page).toContain("## crash\n\nMeasured 2026-11-28 01:02 UTC, load average 0.5 at the start, in 61 s.");
});

test("of a figure that was measured again the later stands, and the page says so", () => {
  const figure = (id: string, value: number) => makeFigure({ id, values: [value], unit: "share" });
  const at = (time: string) => ({ ...describeMachine(), at: time });
  const [merged, ...others] = mergeResults([
    resultOf({ bench: "crash", machine: at("2026-11-28T02:00"), figures: [figure("R4.finished", 1)] }),
    resultOf({
      bench: "crash",
      machine: at("2026-11-28T01:00"),
      figures: [figure("R3.whole", 1), figure("R4.finished", 0)],
    }),
  ]);
  expect(others).toEqual([]);
  expect(merged?.figures.map(({ id, value }) => [id, value])).toEqual([
    ["R3.whole", 1],
    ["R4.finished", 1],
  ]);
  expect(merged?.notes).toEqual(["measured again at 2026-11-28 02:00 UTC: R4.finished"]);
});

test("every figure of the bench is described in words", () => {
  const ids = readdirSync(bench, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => [...readFileSync(join(bench, name), "utf8").matchAll(/"([A-Z]\d+\.[a-z0-9_]+)"/g)])
    .map(([, id = ""]) => id);
  expect(new Set(ids).size).toBeGreaterThan(60);
  expect(ids.filter((id) => meaningOf(id) === "")).toEqual([]);
});

test("--only of a case that does not exist, of a part without cases or of no part at all plays nothing and says what there is", () => {
  const listed = (name: string, cases?: string[]) => ({
    name,
    part: { name, summary: "", ...(cases ? { cases } : {}) },
  });
  const crash = listed("crash", ["R3", "R4"]);
  expect(explainOnly("R3,R4", [crash])).toBeNull();
  expect(explainOnly("R3,R5", [crash])).toBe("crash has no case R5. Cases: R3, R4");
  expect(explainOnly("R3", [listed("app")])).toBe("app has no cases that --only could choose from.");
  expect(explainOnly("R3", [crash, listed("app")])).toMatch(/name that part/);
  expect(explainOnly("R3", [])).toMatch(/name that part/);
});
