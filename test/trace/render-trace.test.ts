import { describe, expect, it } from "vitest";
import { readView } from "../../src/trace/read-view.ts";
import { embedJson, renderTrace } from "../../src/trace/render-trace.ts";
import { hostileTexts } from "../fixtures/hostile-texts.ts";
import { sessionOf } from "./journal-fixture.ts";

const policyOf = (html: string): string => /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)![1]!;
const dataOf = (html: string): string =>
  /<script type="application\/json" id="trace">([\s\S]*?)<\/script>/.exec(html)![1]!;

describe("readView", () => {
  const events = sessionOf(400);
  const view = readView(events)!;

  it("counts the turns of all roles and adds their spend up to what the state says", () => {
    expect(view.totals.turns).toBe(events.filter((e) => e.type === "reply_received").length);
    expect(view.series.at(-1)!.usd_micro).toBe(view.totals.usd_micro);
    expect(view.by_role.reduce((sum, role) => sum + role.turns, 0)).toBe(view.totals.turns);
  });

  it("puts every tool call into the row of the turn that asked for it", () => {
    const turns = view.rows.filter((row) => row.kind === "turn");
    expect(turns).toHaveLength(view.totals.turns);
    for (const row of turns)
      expect(row.parts.map((part) => part.label.split(" ")[0])).toEqual(["thinks", "says", "usage", "bash", "result"]);
  });

  it("gives each context its role, its turns and its end", () => {
    expect(view.contexts.map((c) => c.role)).toEqual([
      "initializer",
      "worker",
      "worker",
      "evaluator",
      "worker",
      "worker",
      "evaluator",
    ]);
    for (const [index, context] of view.contexts.entries())
      expect(context.from).toBe(index === 0 ? 1 : view.contexts[index - 1]!.to + 1);
    expect(view.contexts[1]!.end).toBe("handoff: planned end");
  });

  it("shows when each criterion turned green, and when it fell back", () => {
    expect(view.criteria.map((c) => c.changes.at(-1)![1])).toEqual(["pass", "pass", "pass", "pass"]);
    expect(view.criteria[0]!.changes.map(([, status]) => status)).toEqual(
      expect.arrayContaining(["open", "claimed", "fail", "pass"]),
    );
  });

  it("has rows for retries, nudges, resets, blocked attempts, verdicts, checkpoints and people", () => {
    const kinds = new Set(readView(sessionOf(1_500))!.rows.map((row) => row.kind));
    for (const kind of [
      "turn",
      "retry",
      "nudge",
      "reset",
      "blocked",
      "verdict",
      "checkpoint",
      "person",
      "published",
      "run",
      "warning",
    ])
      expect(kinds).toContain(kind);
  });

  it("adds a diff to the commit that it belongs to", () => {
    const commit = events.find((e) => e.type === "work_committed")!;
    const withDiff = readView(events, new Map([[(commit.data as { commit: string }).commit, "@@ -1 +1 @@\n-a\n+b"]]))!;
    expect(withDiff.rows.filter((row) => row.parts.some((part) => part.label === "diff"))).toHaveLength(1);
  });

  it("adds a diff to the checkpoint that it belongs to, counted as git counts", () => {
    const pushed = events.find((e) => e.type === "checkpoint_pushed")!;
    const hash = (pushed.data as { checkpoint: string }).checkpoint;
    const patch = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1,2 @@\n-a\n+b\n+c\n";
    const row = readView(events, new Map([[hash, patch]]))!.rows.find(({ seq }) => seq === pushed.seq)!;
    expect(row.facts[0]).toBe("1 file +2 −1");
    expect(row.weight).toBeUndefined();
    expect(view.rows.find(({ seq }) => seq === pushed.seq)!.weight).toBe("minor");
  });

  it("says nothing of an empty journal", () => {
    expect(readView([])).toBeNull();
    expect(renderTrace([])).toContain('id="trace">null</script>');
  });

  it("reads a journal that was cut anywhere", () => {
    for (let length = 1; length <= events.length; length += 13)
      expect(readView(events.slice(0, length))!.totals.events).toBe(length);
  });
});

describe("renderTrace", () => {
  it("allows one script and one style by hash, and no network", () => {
    expect(policyOf(renderTrace(sessionOf(100)))).toMatch(
      /^default-src 'none'; script-src 'sha256-[\w+/]{43}='; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'$/,
    );
  });

  it("is the same for the same journal", () => {
    expect(renderTrace(sessionOf(100))).toBe(renderTrace(sessionOf(100)));
  });

  it("has more than 200 hostile texts to withstand, all different", () => {
    expect(new Set(hostileTexts).size).toBe(hostileTexts.length);
    expect(hostileTexts.length).toBeGreaterThanOrEqual(200);
  });

  it.each(hostileTexts.map((text, index) => [index, text]))(
    "keeps hostile text %i out of the markup",
    (_index, text) => {
      const html = renderTrace(sessionOf(30, [text]));
      expect(html.match(/<script/gi)).toHaveLength(2);
      expect(html.match(/<\/script/gi)).toHaveLength(2);
      expect(html.match(/<(?:img|svg|iframe|body|style|meta)\b/gi)).toEqual([
        "<meta",
        "<meta",
        "<meta",
        "<meta",
        "<meta",
        "<style",
        "<body",
      ]);
      expect(dataOf(html)).not.toMatch(/[<\u2028\u2029]/);
      expect(JSON.parse(dataOf(html)).rows.length).toBeGreaterThan(10);
    },
  );

  it("gives back through JSON exactly what went in", () => {
    for (const text of hostileTexts)
      expect(JSON.parse(embedJson({ text }))).toEqual(JSON.parse(JSON.stringify({ text })));
  });
});
