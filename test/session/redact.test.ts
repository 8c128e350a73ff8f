import { expect, test } from "vitest";
import { createRedactor, redacted, redactValue } from "../../src/session/redact.ts";

const secret = "S3cr3t-Value/with+odd=Chars_42";
const redact = createRedactor([secret]);

const base32 = (text: string): string =>
  (
    [...Buffer.from(text)]
      .map((byte) => byte.toString(2).padStart(8, "0"))
      .join("")
      .match(/.{1,5}/g) ?? []
  )
    .map((five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(five.padEnd(5, "0"), 2)])
    .join("");

const encodings: Record<string, (text: string) => string> = {
  plain: (text) => text,
  base64: (text) => Buffer.from(text).toString("base64"),
  "base64 at another alignment": (text) => Buffer.from(`xy${text}z`).toString("base64"),
  base64url: (text) => Buffer.from(`a${text}`).toString("base64url"),
  "base64 twice": (text) => Buffer.from(Buffer.from(text).toString("base64")).toString("base64"),
  "base64 wrapped": (text) =>
    Buffer.from(text)
      .toString("base64")
      .replace(/(.{16})/g, "$1\n"),
  hex: (text) => Buffer.from(text).toString("hex"),
  "hex upper, colons": (text) => Buffer.from(text).toString("hex").toUpperCase().replace(/(..)/g, "$1:"),
  "hex escapes": (text) => Buffer.from(text).toString("hex").replace(/(..)/g, "\\x$1"),
  "percent, all": (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join(""),
  "percent, needed": encodeURIComponent,
  reversed: (text) => [...text].reverse().join(""),
  rot13: (text) =>
    text.replace(/[a-z]/gi, (c) => String.fromCharCode(c.charCodeAt(0) + (c.toLowerCase() < "n" ? 13 : -13))),
  spaced: (text) => [...text].join(" "),
  "one per line": (text) => [...text].join("\n"),
  "JSON escapes": (text) => [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  "HTML entities": (text) => [...text].map((c) => `&#${c.charCodeAt(0)};`).join(""),
  "base32 at another alignment": (text) => base32(`xyz${text}`),
  "lower case": (text) => text.toLowerCase(),
  "code points": (text) => [...text].map((c) => `\\u{${c.charCodeAt(0).toString(16)}}`).join(""),
  "percent twice": (text) => [...Buffer.from(text)].map((byte) => `%25${byte.toString(16)}`).join(""),
  "UTF-16 in base64": (text) => Buffer.from(text, "utf16le").toString("base64"),
  "hex, reversed": (text) => [...Buffer.from(text).toString("hex")].reverse().join(""),
  "an array of characters": (text) => JSON.stringify([...text]),
  "coloured by a search": (text) => text.replace(/(.{5})/, "\x1b[01;31m\x1b[K$1\x1b[m\x1b[K"),
  octal: (text) => [...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join(""),
  binary: (text) => [...Buffer.from(text)].map((byte) => byte.toString(2).padStart(8, "0")).join(" "),
};

test.each(Object.entries(encodings))("a known secret is taken out: %s", (_name, encode) => {
  const shown = encode(secret);
  const out = redact(`before ${shown} after`);
  expect(out).toContain(redacted);
  expect(out).not.toContain(shown.slice(4, -4));
  expect(out.startsWith("before ")).toBe(true);
  expect(redact(out)).toBe(out);
});

test("credentials of known shape are taken out without being known", () => {
  const jwt = `eyJ${"a".repeat(60)}.eyJ${"b".repeat(200)}.${"c-_".repeat(60)}`;
  const shapes = [
    `ghs_123456_${jwt}`,
    `ghp_${"a1".repeat(18)}`,
    `gho_${"a".repeat(36)}`,
    `github_pat_11${"A_".repeat(40)}`,
    `sk-ant-api03-${"x-".repeat(40)}`,
    `AKIA${"ABCD".repeat(4)}`,
    `xoxb-${"1234567890-".repeat(3)}abc`,
    `npm_${"a".repeat(36)}`,
    jwt,
    `-----BEGIN RSA PRIVATE KEY-----\n${"MIIE\n".repeat(20)}-----END RSA PRIVATE KEY-----`,
  ];
  for (const shape of shapes) {
    const out = createRedactor([])(`token=${shape}\nnext`);
    expect(out).toContain(redacted);
    expect(out).toContain("next");
    expect(out).not.toContain(shape.slice(8, 40));
  }
});

test("ordinary text stays as it is, also long text, and short values are never taken for secrets", () => {
  const text = Array.from(
    { length: 20_000 },
    (_, line) => `line ${line}: the quick brown fox = ${line * 7} ${Buffer.from([line & 255]).toString("hex")}`,
  ).join("\n");
  expect(redact(text)).toBe(text);
  expect(createRedactor(["a", "true", ""])("a true story")).toBe("a true story");
});

test("nested values are redacted, keys too", () => {
  expect(redactValue({ a: [{ [secret]: `x${secret}` }, 5, null] }, redact)).toEqual({
    a: [{ [redacted]: `x${redacted}` }, 5, null],
  });
});

const part = (letter: string, length: number): string => letter.repeat(length);
const jwt = `eyJ${part("a", 20)}.eyJ${part("b", 40)}.${part("c", 43)}`;

test.each([
  ["alone", jwt, redacted],
  ["in an address", `https://x.example/?t=${jwt}&u=1`, `https://x.example/?t=${redacted}&u=1`],
  ["glued to a word", `token_${jwt}`, `token_${redacted}`],
  ["after dots", `see...${jwt}`, `see...${redacted}`],
  ["twice with a dot between", `${jwt}.${jwt}`, `${redacted}.${redacted}`],
  ["as an installation token", `ghs_123_${jwt}`, redacted],
  ["as an installation token with a short body", `xghs_9_eyJa.b.c0000000000000`, `x${redacted}`],
])("a signed token is taken out %s", (_where, text, expected) => {
  expect(redact(`${text} end`)).toBe(`${expected} end`);
});

test("what only resembles a signed token stays", () => {
  for (const text of [`eyJ${part("a", 50)}`, "a.b.c.d.e.f.g.h.i.j.k.l.m.n", `eyJ${part("a", 20)}.b.${part("c", 20)}`])
    expect(redact(text)).toBe(text);
});

test("a private key is taken out to its end, without one as far as a key is long, and nothing beyond", () => {
  const key = (body: string): string => `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----`;
  expect(redact(`a ${key(part("k", 3_000))} b ${key("short")} c`)).toBe(`a ${redacted} b ${redacted} c`);
  expect(redact(`a -----BEGIN PRIVATE KEY-----\n${part("k", 100)}`)).toBe(`a ${redacted}`);
  expect(redact(`-----BEGIN PRIVATE KEY-----${part("k", 20_000)}tail`)).toBe(`${redacted}tail`);
});

test.each(["eyJ", "ghs_1_eyJ", "eyJaaaaaaaaaa.", "-----BEGIN A PRIVATE KEY-----", "sk-ant-", "github_pat_", "."])(
  "a megabyte of %s, which no expression may look at again and again, is done at once",
  (unit) => {
    expect(redact(unit.repeat(Math.ceil(1_000_000 / unit.length))).length).toBeGreaterThan(0);
  },
);
