import type { Nodes, Root } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { describe, expect, test } from "vitest";
import { reportBegin, reportEnd } from "../../src/domain/stale-report.ts";
import { renderCheckRun } from "../../src/evaluator/check-run.ts";
import { codeBlock, codeSpan, escapeLine, escapeMarkdown } from "../../src/evaluator/escape-markdown.ts";
import { renderJobSummary } from "../../src/evaluator/job-summary.ts";
import { maxBody, placeReport, renderReport, roomForReport } from "../../src/evaluator/report.ts";
import { isStale, type ReportView, readReportView } from "../../src/evaluator/report-view.ts";
import { renderStatus } from "../../src/evaluator/status.ts";
import { reportFacts, reportState, reportViews } from "../helpers/report-views.ts";
import { sessionOf } from "../trace/journal-fixture.ts";

const parse = (markdown: string): Root =>
  fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });

function* nodes(node: Nodes): Generator<Nodes> {
  yield node;
  if ("children" in node) for (const child of node.children) yield* nodes(child);
}

/** What is wrong with a markdown text as GitHub would show it. */
function faults(markdown: string): string[] {
  const all = [...nodes(parse(markdown))];
  const html = all.filter((n) => n.type === "html").map((n) => ("value" in n ? n.value : ""));
  const count = (pattern: RegExp) => html.join("\n").match(pattern)?.length ?? 0;
  const rows = all.flatMap((n) =>
    n.type === "table" ? [new Set(n.children.map((row) => row.children.length)).size] : [],
  );
  return [
    ...(count(/<details>/g) !== count(/<\/details>/g) ? ["a fold is not closed"] : []),
    ...(rows.some((widths) => widths !== 1) ? ["a table has rows of different width"] : []),
    ...html
      .filter(
        (h) =>
          !/^(?:<\/?(?:details|summary|code|br|sub)>|<!-- baton:report:(?:begin|end) -->|<summary>[\s\S]*<\/summary>|<details>\n<summary>[\s\S]*<\/summary>)$/.test(
            h.trim(),
          ),
      )
      .map((h) => `foreign html ${h}`),
    ...all.flatMap((n) =>
      n.type === "code" &&
      n.position &&
      !/(`{3,})$/.test(markdown.slice(n.position.start.offset, n.position.end.offset))
        ? ["a fence is not closed"]
        : [],
    ),
    ...all.flatMap((n) => (n.type === "image" ? ["an image"] : [])),
  ];
}

const links = (markdown: string) => [...nodes(parse(markdown))].flatMap((n) => (n.type === "link" ? [n.url] : []));

const nasty =
  "@octocat fixes #7, see https://evil.example/x ![p](https://evil.example/p.png) <img src=x> | a `b` ```\n</details>\n<!-- baton:report:end -->\n# head\n[l](javascript:x) www.evil.example GH-12 \u202e <!-- x";

function poisoned(view: ReportView): ReportView {
  return JSON.parse(JSON.stringify(view), (key, value) =>
    typeof value === "string" &&
    ["text", "reason", "tail", "command", "summary", "detail", "file", "title", "alreadySatisfied", "author"].includes(
      key,
    )
      ? `${value} ${nasty}`
      : value,
  );
}

describe("the report", () => {
  test.each(Object.keys(reportViews))("reads as agreed when the session is %s", async (name) => {
    const report = renderReport(reportViews[name]!);
    await expect(report).toMatchFileSnapshot(`../fixtures/reports/${name}.md`);
    expect(faults(report)).toEqual([]);
  });

  test.each(Object.keys(reportViews))(
    "shows what a model wrote as text and nothing else when the session is %s",
    (name) => {
      const view = poisoned(reportViews[name]!);
      for (const text of [
        renderReport(view),
        renderStatus(view),
        renderJobSummary(view, []),
        renderCheckRun(view).text,
        renderCheckRun(view).summary,
      ]) {
        expect(faults(text)).toEqual([]);
        expect(links(text).filter((url) => !url.startsWith("https://github.example/"))).toEqual([]);
        const prose = [...nodes(parse(text))].flatMap((n) => (n.type === "text" ? [n.value] : [])).join("\n");
        expect(prose).not.toMatch(/@octocat|fixes #7|GH-12/);
        expect(text.split(reportEnd).length).toBeLessThanOrEqual(2);
      }
    },
  );

  test("a session that lives in a local repository goes on with a command, not with a comment", () => {
    const request = { number: null, url: null, title: "Slugs", body: "", sha256: "5".repeat(64) };
    const runs = reportState("max_turns").runs.map((run) => ({ ...run, run_url: null }));
    const report = renderReport(
      readReportView(reportState("max_turns", { session: "task-1a2b3c4d", request, runs }), reportFacts()),
    );
    expect(report).toContain('`baton continue task-1a2b3c4d --say "…"`');
    expect(report).not.toContain("omment `/continue`");
  });

  test("only a pass closes the issue", () => {
    const closing = Object.entries(reportViews).filter(([, view]) =>
      /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?) #\d/i.test(renderReport(view)),
    );
    expect(closing.map(([name]) => name)).toEqual(["pass"]);
    expect(renderJobSummary(reportViews["pass"]!, [])).not.toMatch(/closes #/i);
  });

  test("the job summary draws the course of any number of turns on sixty columns", () => {
    for (const size of [60, 10_000]) {
      const text = renderJobSummary(reportViews["pass"]!, sessionOf(size));
      const plots = [...text.matchAll(/^(spend of a turn|prompt, tokens|criteria passed) +([▁-█]+) {2}(.+)$/gm)];
      expect(plots.map(([, name]) => name)).toEqual(["spend of a turn", "prompt, tokens", "criteria passed"]);
      for (const [, , plot] of plots) expect(plot!.length).toBeLessThanOrEqual(60);
      expect(plots[2]![2]!.endsWith("█")).toBe(true);
      expect(faults(text)).toEqual([]);
      expect(Buffer.byteLength(text)).toBeLessThan(1_048_576);
    }
    expect(renderJobSummary(reportViews["pass"]!, [])).not.toContain("Course");
  });

  test("a verdict about another tree is stale, and is no success", () => {
    const { verdict, facts } = reportViews["stale"]!;
    expect(isStale(verdict!, facts)).toBe(true);
    expect(renderCheckRun(reportViews["stale"]!).conclusion).toBe("neutral");
  });

  test("the check run's conclusion is the verdict", () => {
    const conclusions = Object.entries(reportViews).map(([name, view]) => [name, renderCheckRun(view).conclusion]);
    expect(Object.fromEntries(conclusions)).toEqual({
      pass: "success",
      fail: "failure",
      partial: "failure",
      unverified: "neutral",
      "already-satisfied": "success",
      blocked: "neutral",
      stale: "neutral",
      working: "neutral",
      ended: "neutral",
    });
  });
});

describe("a report's place", () => {
  const report = renderReport(reportViews["pass"]!);

  test("is after what people wrote, and is found again", () => {
    const first = placeReport("Please look at the umlauts.\n\n- [ ] checked by hand\n", report);
    expect(first).toBe(`Please look at the umlauts.\n\n- [ ] checked by hand\n\n${report}`);
    const edited = `${first}\n\nAnd this below.`;
    const again = placeReport(edited, renderReport(reportViews["stale"]!));
    expect(again.startsWith("Please look at the umlauts.\n\n- [ ] checked by hand\n\n")).toBe(true);
    expect(again.endsWith("\n\nAnd this below.")).toBe(true);
    expect(again.split(reportBegin)).toHaveLength(2);
    expect(placeReport(again, renderReport(reportViews["stale"]!))).toBe(again);
  });

  test("is the whole text when there was none", () => {
    expect(placeReport(null, report)).toBe(report);
    expect(placeReport("  \n", report)).toBe(report);
  });

  test("leaves a text with only one marker alone", () => {
    const torn = `mine\n${reportBegin}\nstill mine`;
    expect(placeReport(torn, report)).toBe(`${torn}\n\n${report}`);
  });
});

describe("GitHub's limits", () => {
  const long = (what: (view: ReportView) => ReportView) =>
    what({
      ...reportViews["fail"]!,
      facts: { ...reportViews["fail"]!.facts, fullReportUrl: "https://github.example/full" },
    });
  const huge = long((view) => ({
    ...view,
    verdict: {
      ...view.verdict!,
      evidence: Array.from({ length: 60 }, (_, i) => ({
        ...view.verdict!.evidence[1]!,
        id: `E${i}`,
        tail: "x|`<\n".repeat(800),
      })),
      findings: Array.from({ length: 200 }, (_, i) => ({
        rule: `judge/${i}`,
        severity: i % 2 ? ("blocker" as const) : ("advisory" as const),
        file: "a".repeat(300),
        line: 1,
        text: "y`|".repeat(300),
        evidence: [],
      })),
    },
  }));

  test.each([2_000, 9_999, 10_000, 20_000, 60_000])("a report of at most %i characters is whole markdown", (most) => {
    const report = renderReport(huge, most);
    expect(report.length).toBeLessThanOrEqual(most);
    expect(faults(report)).toEqual([]);
    expect(report).toContain("Not accepted");
  });

  test("says what was left out and where it stands", () => {
    expect(renderReport(huge, 10_000)).toMatch(
      /Left out to fit GitHub's limit: .*runs.*\[Read it whole\]\(https:\/\/github\.example\/full\)/,
    );
  });

  test("a body with much text of people still fits", () => {
    for (const people of [0, 100, 5_533, 5_534, 5_535, 5_536, 5_537, 60_000, 63_000]) {
      const existing = "p".repeat(people);
      expect(placeReport(existing, renderReport(huge, roomForReport(existing))).length).toBeLessThanOrEqual(maxBody);
    }
  });

  test("check run and status keep to theirs", () => {
    const { summary, text, title } = renderCheckRun(huge);
    expect([summary.length <= 65_535, text.length <= 65_535, title.length <= 255]).toEqual([true, true, true]);
    expect(renderStatus(huge).length).toBeLessThanOrEqual(65_536);
    expect(faults(text)).toEqual([]);
  });
});

describe("escaping", () => {
  test.each([
    "*a*",
    "_a_",
    "`a`",
    "~~a~~",
    "[a](b)",
    "![a](b)",
    "<b>a</b>",
    "# a",
    "- a",
    "1. a",
    "> a",
    "+ a",
    "a | b",
    "&amp;",
    "\\*",
    "https://a.example",
    "www.a.example",
    "a@b.example",
    "---",
    "a\n===",
    "&#64;octocat",
    "<https://a.example>",
    "[x]: https://a.example",
  ])("%j shows as it reads", (text) => {
    const root = parse(escapeMarkdown(text));
    const kinds = new Set([...nodes(root)].map((n) => n.type));
    expect([...kinds].filter((k) => !["root", "paragraph", "text", "break"].includes(k))).toEqual([]);
    const shown = [...nodes(root)].flatMap((n) => (n.type === "text" ? [n.value] : [])).join("");
    expect(shown.replaceAll("\u200b", "")).toBe(text);
  });

  test("random text never becomes anything but text", () => {
    const parts = [
      "*",
      "_",
      "`",
      "[",
      "]",
      "(",
      ")",
      "<",
      ">",
      "!",
      "#1",
      "@me",
      "|",
      "\\",
      "&lt;",
      "~~",
      "http://",
      "www.",
      "a",
      " ",
      "b",
      ":",
      "-",
      "1.",
      "&",
      "=",
      "+",
    ];
    let seed = 7;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    const rounds = process.env.BATON_FULL === "1" ? 1_000 : 250;
    for (let round = 0; round < rounds; round++) {
      const text = Array.from(
        { length: 1 + Math.floor(random() * 12) },
        () => parts[Math.floor(random() * parts.length)]!,
      ).join("");
      const row = `| h | i |\n|---|---|\n| ${escapeLine(text)} | b |\n`;
      const root = parse(row);
      const table = root.children[0];
      expect(
        root.children.length === 1 && table?.type === "table" && table.children.every((r) => r.children.length === 2),
        text,
      ).toBe(true);
      const kinds = [...nodes(root)]
        .map((n) => n.type)
        .filter((k) => !["root", "table", "tableRow", "tableCell", "text", "inlineCode"].includes(k));
      expect(kinds, text).toEqual([]);
      const inCode = parse(`a ${codeSpan(text)} b`).children[0];
      expect(inCode?.type === "paragraph" && inCode.children.map((n) => n.type), text).toEqual(
        text.trim() === "" ? ["text"] : ["text", "inlineCode", "text"],
      );
    }
  });

  test("a block cannot be left by its content", () => {
    const root = parse(codeBlock("a\n````\n</details>\n```js\nb"));
    expect(root.children.map((n) => n.type)).toEqual(["code"]);
  });
});
