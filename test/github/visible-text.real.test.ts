import examples from "@octokit/webhooks-examples";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { type DefaultTreeAdapterMap, parseFragment } from "parse5";
import { describe, expect, test } from "vitest";
import { isVisibleCharacter } from "../../src/github/visible-characters.ts";
import { renderVisibleText, unreadableText } from "../../src/github/visible-text.ts";
import { readCommand } from "../../src/triggers/read-command.ts";
import { benignBodies } from "./benign-bodies.ts";
import { hiddenChannels } from "./hidden-channels.ts";

/** The words of a body as another renderer shows them: micromark's own HTML, its text without what is hidden on GitHub. */
function wordsShown(markdown: string): string {
  const html = micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });
  return textOf(parseFragment(html)).replace(/\s+/g, "");
}
function textOf(node: DefaultTreeAdapterMap["node"]): string {
  if ("value" in node) return node.value;
  if (!("childNodes" in node)) return "";
  if ("tagName" in node && ["script", "style", "img"].includes(node.tagName)) return "";
  // micromark writes a heading, numbers and arrows of its own around footnotes.
  if (
    "attrs" in node &&
    node.attrs.some(({ name }) => name === "data-footnote-ref" || name === "data-footnote-backref")
  )
    return "";
  if ("attrs" in node && node.attrs.some(({ name, value }) => name === "id" && value.endsWith("footnote-label")))
    return "";
  return node.childNodes.map(textOf).join("");
}
const invisible = (text: string) =>
  [...text].filter((c) => !isVisibleCharacter(c) && !["\u200c", "\u200d", "\ufe0f"].includes(c));

describe("hidden channels", () => {
  test("there are at least 120", () => {
    expect(new Set(hiddenChannels.map(([, body]) => body)).size).toBeGreaterThanOrEqual(120);
  });
  test.each(hiddenChannels)("%s is closed", (name, body) => {
    const { text, hiddenRemoved } = renderVisibleText(body);
    expect(text).not.toContain("SECRET");
    expect(text).toContain("seen");
    expect(invisible(text)).toEqual([]);
    expect(text).not.toMatch(/&(#8203|#x200b|ZeroWidthSpace|shy|zwnj|lrm|#xE0041)/i);
    if (!name.includes("blanks")) expect(hiddenRemoved).toBeGreaterThan(0);
    expect(renderVisibleText(text)).toEqual({ text, hiddenRemoved: 0 });
  });
});

describe("ordinary bodies", () => {
  test("there are at least 100", () => {
    expect(benignBodies.length).toBeGreaterThanOrEqual(100);
  });
  test.each(benignBodies)("%j shows the same words as before", (body) => {
    const { text } = renderVisibleText(body);
    expect(wordsShown(text)).toBe(wordsShown(body.normalize("NFC")));
    expect(renderVisibleText(text)).toEqual({ text, hiddenRemoved: 0 });
  });
  test("one without links, attributes or footnotes is not touched at all", () => {
    const touched = benignBodies.filter((body) => !/\]\(|\[\^/.test(body) && renderVisibleText(body).hiddenRemoved > 0);
    expect(touched).toEqual([]);
  });
  test("bodies of the published webhook examples show the same words", () => {
    const bodies = new Set<string>();
    JSON.stringify(examples, (key, value: unknown) => {
      if (key === "body" && typeof value === "string" && !/<!--|<details/.test(value)) bodies.add(value);
      return value;
    });
    expect(bodies.size).toBeGreaterThan(10);
    for (const body of bodies) expect(wordsShown(renderVisibleText(body).text)).toBe(wordsShown(body));
  });
});

describe("generated bodies", () => {
  const pieces = [
    "a",
    "b ",
    "\n",
    "\n\n",
    "**",
    "*",
    "_",
    "`",
    "```",
    "```js\n",
    "~~~",
    "> ",
    "- ",
    "1. ",
    "# ",
    "|",
    "|---|\n",
    "[",
    "]",
    "(",
    ")",
    "](x)",
    "![",
    "[^1]",
    "[^1]: ",
    "[a]: /x\n",
    "<b>",
    "</b>",
    "<div>",
    "</div>",
    "<details>",
    "</details>",
    "<summary>",
    "<!--",
    "-->",
    "<",
    ">",
    "<span hidden>",
    "</span>",
    "<script>",
    "</script>",
    "<table>",
    "<td>",
    "</p>",
    "&lt;",
    "&#8203;",
    "\u200b",
    "\u{e0041}",
    "\\",
    "    ",
    "\t",
    "$x$",
    "$\\phantom{",
    "}$",
    "<a title='x'>",
    "</a>",
    '<p title="',
    '">',
    "~~",
    "---\n",
    "===\n",
    "https://a.b ",
    "é",
    "👩‍💻",
    "<?x",
    "?>",
    "<![CDATA[",
    "]]>",
    "<pre>",
    "</pre>",
    "<textarea>",
    "<svg>",
    "<b title=a/",
    "<a href=https://x",
    "<xmp>",
    "</xmp>",
    "\\begin{",
    "<sub>",
  ];
  const count = Number(process.env.BATON_FUZZ ?? 500);
  test(`${count} of them: nothing invisible comes out, and a second application changes nothing`, () => {
    let seed = 42;
    const next = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    let emptied = 0;
    for (let round = 0; round < count; round++) {
      const body = Array.from({ length: 2 + next(18) }, () => pieces[next(pieces.length)]).join("");
      const { text } = renderVisibleText(body);
      const again = renderVisibleText(text);
      if (again.text !== text || again.hiddenRemoved !== 0)
        expect({ body, again }).toEqual({ body, again: { text, hiddenRemoved: 0 } });
      if (text.includes("<!--") && wordsShown(text).includes("<!--") === false && !text.includes("`"))
        expect({ body, text }).toBe("no comment");
      if (text === "" && body.length > 20) emptied += 1;
      expect(invisible(text), body).toEqual([]);
    }
    expect(emptied).toBeLessThan(count / 4);
  });
});

test("a body that nests deeper than anybody reads does not crash", () => {
  for (const deep of [
    ">".repeat(20_000),
    "> ".repeat(20_000),
    `${"- ".repeat(20_000)}x`,
    "[".repeat(4_000),
    "<b>".repeat(4_000),
    "*".repeat(30_000),
  ]) {
    expect(typeof renderVisibleText(deep).text).toBe("string");
  }
});

test("a text that costs the parser the square of its length is given up in bounded time, and says so", () => {
  const { text, hiddenRemoved } = renderVisibleText("> a\n> > b\n".repeat(12_000), { deadlineMs: 500 });
  expect({ text, hiddenRemoved }).toEqual({ text: unreadableText, hiddenRemoved: 1 });
  expect(renderVisibleText(text)).toEqual({ text, hiddenRemoved: 0 });
  expect(readCommand(text).kind).toBe("none");
});

test.each(["]".repeat(65_536), "a\n=\n".repeat(16_384), "a\n---\n".repeat(10_922)])(
  "marks that cost the square of their number are counted before they are read: %#",
  (source) => {
    const before = process.cpuUsage();
    expect(renderVisibleText(source).text).toBe(unreadableText);
    expect(process.cpuUsage(before).user).toBeLessThan(100_000);
  },
);

test("marks of emphasis, however many, cost no more than other characters", () => {
  const source = "a*_".repeat(16_000);
  expect(renderVisibleText(source)).toEqual({ text: source, hiddenRemoved: 0 });
});
