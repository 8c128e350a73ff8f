import { describe, expect, test } from "vitest";
import { spliceText } from "../../src/sandbox/inside/edit-file.ts";
import { Refusal } from "../../src/sandbox/inside/protocol.ts";

const edit = (raw: string, old: string, next: string, count = 1): string => {
  try {
    return spliceText(raw, old, next, count).text;
  } catch (error) {
    if (error instanceof Refusal) return `REFUSED ${error.message}`;
    throw error;
  }
};

const kept: [title: string, raw: string, old: string, next: string, wanted: string, rung?: string][] = [
  ["exact text in the middle of a line", "a b c\n", "b", "B", "a B c\n", "exact"],
  ["no final newline", "a\nb", "b", "c", "a\nc"],
  ["$& and $1 mean themselves", "price\n", "price", "$& $1 $$ $` $'", "$& $1 $$ $` $'\n"],
  ["CRLF stays CRLF", "a\r\nb\r\nc\r\n", "a\nb", "x\ny", "x\r\ny\r\nc\r\n"],
  ["CRLF in old against LF in the file", "a\nb\n", "a\r\nb", "x\r\ny", "x\ny\n"],
  ["further lines get the end of the last one", "a\r\nb\r\n", "a\nb\n", "a\nx\ny\nb\n", "a\r\nx\r\ny\r\nb\r\n"],
  ["mixed ends stay per line", "a\r\nb\nc\r\nd\n", "b\nc\nd\n", "B\nC\nD\n", "a\r\nB\nC\r\nD\n"],
  ["a BOM stays", "\uFEFFa\nb\n", "a", "x", "\uFEFFx\nb\n"],
  ["a BOM in old is no part of the text", "\uFEFFa\n", "\uFEFFa", "x", "\uFEFFx\n"],
  ["trailing blanks in the file", "if (a) {  \n  b\t\n}\n", "if (a) {\n  b\n}", "c", "c\n", "trailing whitespace"],
  ["trailing blanks in old", "a\nb\n", "a  \nb ", "c", "c\n", "trailing whitespace"],
  ["trailing blanks elsewhere stay", "x  \na \nb\ny\t\n", "a\nb\n", "c\n", "x  \nc\ny\t\n"],
  [
    "deeper in the file: new is shifted along",
    "class A {\n    f() {\n      return 1;\n    }\n}\n",
    "f() {\n  return 1;\n}",
    "f() {\n  return 2;\n}",
    "class A {\n    f() {\n      return 2;\n    }\n}\n",
    "indentation",
  ],
  [
    "shallower in the file: new is shifted back",
    "f() {\n  return 1;\n}\n",
    "    f() {\n      return 1;\n    }",
    "    f() {\n      return 2;\n    }",
    "f() {\n  return 2;\n}\n",
    "indentation",
  ],
  ["tabs", "\tif x:\n\t\ty\n", "if x:\n\ty", "if x:\n\tz", "\tif x:\n\t\tz\n", "indentation"],
  ["blank lines within a shifted block", "  a\n\n  b\n", "a\n\nb", "a\n\nc", "  a\n\n  c\n", "indentation"],
  ["typographic quotes in the file", "say(“hi”)\n", 'say("hi")', 'say("ho")', 'say("ho")\n', "punctuation"],
  ["a long dash and a hard space", "a\u00A0— b\n", "a - b", "c", "c\n", "punctuation"],
  ["quotes elsewhere stay", "“x”\nit’s\n“y”\n", "it's", "its", "“x”\nits\n“y”\n", "punctuation"],
  ["a lone CR is no line end", "a\rb\nc\n", "c", "d", "a\rb\nd\n"],
  ["deletion", "a\nb\nc\n", "b\n", "", "a\nc\n"],
  ["astral characters before the place", "😀😀\r\n日本\r\nx\r\n", "x", "y", "😀😀\r\n日本\r\ny\r\n"],
  ["regular expression characters mean themselves", "a.*(b)[c]\n", ".*(b)[c]", "x", "ax\n"],
];

describe("an edit changes its span and no other byte", () => {
  test.each(kept)("%s", (_title, raw, old, next, wanted, rung) => {
    expect(edit(raw, old, next)).toBe(wanted);
    if (rung) expect(spliceText(raw, old, next, 1).rung).toBe(rung);
  });

  test("all expected places are changed, and the count has to be right", () => {
    expect(edit("a\nb\na\n", "a", "x", 2)).toBe("x\nb\nx\n");
    expect(edit("a\nb\na\n", "a", "x")).toBe(
      "REFUSED old is found 2 times (lines 1, 3), expected 1: add lines around it that make it unique, or set expect_count to 2",
    );
    expect(edit("a\n", "a", "x", 2)).toContain("found 1 times");
    expect(edit("aaaa\n", "aa", "b", 2)).toBe("bb\n");
  });

  test("a miss shows the most similar lines with their numbers, at most 12", () => {
    const file = `${Array.from({ length: 60 }, (_, index) => `const value${index} = compute(${index});`).join("\n")}\n`;
    const said = edit(file, "const value30 = compute(31);\nconst value31 = compute(31);", "x");
    expect(said).toContain("value31 = compute(31)");
    expect(said.split("\n").length).toBeLessThanOrEqual(13);
    expect(edit(file, "zzz", "x")).toContain("nothing like it");
  });

  test("a rung that finds too many places does not fall through to a looser one", () => {
    expect(edit("a \nb\na \nb\n", "a\nb", "x")).toContain("found 2 times (lines 1, 3)");
  });

  test("an indentation that is not uniform is no match", () => {
    expect(edit("  a\n    b\n", "a\nb", "x")).toMatch(/^REFUSED/);
  });

  test("a text as long as allowed is matched in time that is linear", () => {
    const file = "  line of code;\n".repeat(60_000);
    expect(edit(`${file}end\n`, "end", "fin")).toBe(`${file}fin\n`);
    expect(edit(file, "no such line\nat all", "x")).toMatch(/^REFUSED/);
  });
});

test("a long file of lines that repeat is searched once per line, not once per line of old", () => {
  for (const [line, old] of [
    ["a\n", "a\n"],
    ["a\n", " a\n"],
    ["a \n", "a\n"],
    ["\n", "\n"],
    [`${" ".repeat(50)}\n`, " \n"],
  ] as const)
    expect(edit(line.repeat(150_000), `${old.repeat(20_000)}b`, "x")).toMatch(/^REFUSED old is not in the file/);
});
