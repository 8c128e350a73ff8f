import { expect, test } from "vitest";
import { neutralise } from "../../src/github/neutral-text.ts";

const words = [
  "close",
  "closes",
  "closed",
  "fix",
  "fixes",
  "fixed",
  "resolve",
  "resolves",
  "resolved",
  "Fixes",
  "CLOSES",
];
const targets = ["#1", "acme/shop#12", "https://github.com/acme/shop/issues/3", "GH-4"];
const closing = words
  .flatMap((word) => targets.map((target) => `This ${word} ${target} now`))
  .concat(["fixes: #1", "Closes:\n#2", "fix  #3"]);
const mentions = [
  "@octocat",
  "hi @octocat",
  "(@a)",
  "cc @acme/team",
  "@a @b",
  "x\n@y",
  "**@bold**",
  "> @quoted",
  "- @listed",
  "@x-y",
  "a @b.",
  '"@q"',
  "'@s'",
  "1. @n",
  "| @cell |",
  "\u200b@zero",
];
const commands = ["/continue", "/stop", " /retry", "text\n/continue", "/approve", "/merge", "\n\n/status", "/label x"];
const images = [
  "![x](https://evil/a.png)",
  "![](https://evil/a?d=SECRET)",
  "![a][b]\n\n[b]: https://evil/x.png",
  "<img src='https://evil/x'>",
  "<IMG SRC=//evil/x>",
  "[![x](https://evil/i)](https://evil/l)",
  "<picture><source srcset='https://evil/x'></picture>",
  "![x](<https://evil/a b>)",
];
const links = [
  "https://evil.example/?d=SECRET",
  "http://evil.example/a#b",
  "[x](https://evil.example/?d=SECRET)",
  "<https://evil.example/SECRET>",
  "www.evil.example/x",
  "[x]: https://evil.example/y",
  "[a](javascript:alert(1))",
  "[a](//evil.example)",
  "[a](data:text/html,x)",
  "HTTPS://EVIL.example/x",
];
const html = [
  "<script>alert(1)</script>",
  "<a href='https://evil'>x</a>",
  "<!-- hidden -->",
  "<!-- open",
  "<details>x</details>",
  "<svg onload=x>",
  "<iframe src=x>",
];
const references = ["see #12", "acme/shop#34", "GH-5", "(#6)", "[#7]"];
const all = [...closing, ...mentions, ...commands, ...images, ...links, ...html, ...references];

test("there are at least a hundred strings", () => {
  expect(all.length).toBeGreaterThanOrEqual(100);
});

test.each(all)("%j acts on nothing", (text) => {
  const out = neutralise(text);
  expect(out).not.toMatch(/(^|[^\w`/])@(?!<!-- -->)[a-z\d]/i);
  expect(out).not.toMatch(/\b(close[sd]?|fix(e[sd])?|resolve[sd]?):?\s+(\S+\/\S+)?(#\d|GH-\d)/i);
  expect(out).not.toMatch(/(^|\n)[ \t]*\/[a-z]/i);
  expect(out).not.toMatch(/!\[/);
  expect(out).not.toMatch(/<(?!!-- -->)[a-z/!?]/i);
  expect(out.replace(/`[^`]*`/g, "")).not.toMatch(/https?:\/\/|www\./i);
  expect(out).not.toMatch(/\]\(|^\[[^\]]+\]:/m);
  expect(out).not.toMatch(/d=SECRET/);
  expect(out).not.toMatch(/(^|[\s([\w])#\d/);
});

test("code is left as it is, and an open fence is not code", () => {
  expect(neutralise("run `@types/node` and\n```\n@a fixes #1\n/stop\n```")).toBe(
    "run `@types/node` and\n```\n@a fixes #1\n/stop\n```",
  );
  expect(neutralise("```\n@a")).toContain("@<!-- -->a");
});

test("links to this repository stay links", () => {
  const allowedLinks = ["https://github.com/acme/shop"];
  expect(neutralise("[run](https://github.com/acme/shop/actions/runs/1)", { allowedLinks })).toBe(
    "[run](https://github.com/acme/shop/actions/runs/1)",
  );
  expect(neutralise("https://github.com/acme/shop-evil/x", { allowedLinks })).toContain("`");
});

test("ordinary prose stays as it is", () => {
  for (const text of [
    "All tests pass.",
    "a/b and c/d",
    "5 < 6",
    "mail a@b.c",
    "# Heading\n\n- item",
    "C#7 and F#",
    "50 %",
  ])
    expect(neutralise(text)).toBe(text);
});
