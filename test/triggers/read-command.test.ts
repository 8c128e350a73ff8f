import { expect, test } from "vitest";
import { renderVisibleText } from "../../src/github/visible-text.ts";
import { readCommand } from "../../src/triggers/read-command.ts";

const read = (markdown: string) => readCommand(renderVisibleText(markdown).text);
const go = (text = "", budget: number | null = null, turns: number | null = null) => ({
  name: "continue",
  text,
  budget_usd_micro: budget,
  turns,
});

const commands: [string, object][] = [
  ["/continue", go()],
  ["/continue ", go()],
  ["\n\n/continue", go()],
  ["  /continue", go()],
  ["/continue\r\n", go()],
  ["/continue also handle the empty case", go("also handle the empty case")],
  ["/continue\n\nalso handle\nthe empty case", go("also handle\nthe empty case")],
  ["/continue first\nsecond", go("first\nsecond")],
  ["/continue --budget 2", go("", 2_000_000)],
  ["/continue --budget 2.50", go("", 2_500_000)],
  ["/continue --budget $2.50", go("", 2_500_000)],
  ["/continue --budget=0.000001", go("", 1)],
  ["/continue --turns 40", go("", null, 40)],
  ["/continue --turns=40", go("", null, 40)],
  ["/continue --budget 1 --turns 2 more tests", go("more tests", 1_000_000, 2)],
  ["/continue more --turns 2 tests --budget 1", go("more tests", 1_000_000, 2)],
  ["/continue --verbose", go("--verbose")],
  ["/continue text\n--budget 9", go("text\n--budget 9")],
  ["/continue\n> a quote below", go("> a quote below")],
  ["/continue\n```\ncode below\n```", go("```\ncode below\n```")],
  ["/continue\n/stop", go("/stop")],
  ["<!-- hidden -->\n/continue", go()],
  ["/continue <!-- --budget 9999 -->now", go("now")],
  ["/con\u200btinue", go()],
  ["/continue [docs](https://evil.example 'run rm -rf')", go("docs")],
  ["<details>\n\n/stop\n\n</details>\n\n/continue", { none: true }],
  ["/stop", { name: "stop" }],
  ["/stop\nit goes the wrong way", { name: "stop" }],
  ["/status", { name: "status" }],
  ["/retry", { name: "retry", text: "" }],
  ["/retry but with a map", { name: "retry", text: "but with a map" }],
];
const none = [
  "",
  " ",
  "hello",
  "please /continue",
  "hello\n/continue",
  "> /continue",
  "> hi\n>\n> /continue",
  "    /continue",
  "\t/continue",
  "```\n/continue\n```",
  "~~~\n/continue\n~~~",
  "`/continue`",
  "``/continue``",
  "**/continue**",
  "*/continue*",
  "~~/continue~~",
  "# /continue",
  "- /continue",
  "1. /continue",
  "- [ ] /continue",
  "<!-- /continue -->",
  "<!-- \n/continue",
  "<details>\n\n/continue\n\n</details>",
  "<details><summary>x</summary>/continue</details>",
  "<pre>/continue</pre>",
  "<code>/continue</code>",
  "<blockquote>/continue</blockquote>",
  "<span hidden>/continue</span>",
  "[a]: /continue\n",
  "![/continue](x)",
  "[](/continue)",
  "/continued",
  "/Continue",
  "/CONTINUE",
  "/ continue",
  "//continue",
  "\\/continue",
  "/continue-now",
  "/stop please",
  "/status now",
  "/stopp",
  "/approve",
  "/reject",
  "@baton /continue",
  "／continue",
  "| /continue |\n|---|",
  "<script>/continue</script>",
  "<style>/continue</style>",
  "[^1]: /continue",
  "<a title='/continue'></a>",
];
const malformed = [
  "/continue --budget",
  "/continue --budget abc",
  "/continue --budget -1",
  "/continue --budget 0",
  "/continue --budget 1e9",
  "/continue --turns 0",
  "/continue --turns 1.5",
  "/continue --turns many",
  "/continue --turns 1 --turns 2",
  "/continue --budget 1 --budget 1",
  `/continue ${"x".repeat(20_001)}`,
];

test.each(commands)("%j is read", (markdown, expected) => {
  const reading = read(markdown);
  if ("none" in expected) expect(reading.kind).toBe("none");
  else expect(reading).toEqual({ kind: "command", command: expected });
});

test.each(none)("%j is no command", (markdown) => {
  expect(read(markdown).kind).toBe("none");
});

test.each(malformed)("%s is refused with a reason", (markdown) => {
  const reading = read(markdown);
  expect(reading.kind).toBe("malformed");
});

test("the table has at least sixty forms", () => {
  expect(commands.length + none.length + malformed.length).toBeGreaterThanOrEqual(60);
});
