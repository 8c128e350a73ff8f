import { stripComments } from "./strip-comments.ts";
import { type TestLanguage, testLanguageOf } from "./test-language.ts";

/** What the ratchet counts in one file of tests. */
export interface TestCounts {
  language: TestLanguage["name"];
  /** Titles in order; equal ones appear as often as they stand there. */
  titles: string[];
  /** What follows each title up to the next, without white space and closing brackets. */
  bodies: string[];
  skips: number;
  focused: number;
  assertions: number;
  tautologies: string[];
  escapes: string[];
  mocks: string[];
}

/** Counts the tests of a file by its source; null when its language is not known. */
export function countTests(path: string, text: string): TestCounts | null {
  const language = testLanguageOf(path);
  if (!language) return null;
  const code = stripComments(text, language.hash);
  const titles = [...code.matchAll(language.title)];
  return {
    language: language.name,
    titles: titles.map((m) => m[1] ?? m[2] ?? m[3] ?? ""),
    bodies: titles.map((m, at) => plainBody(code.slice(m.index + m[0].length, titles[at + 1]?.index))),
    skips: count(code, language.skip),
    focused: language.focus ? count(code, language.focus) : 0,
    assertions: count(code, language.assertion),
    tautologies: [...code.matchAll(language.tautology)].map((m) => m[0]),
    escapes: [...withoutLongStrings(code).matchAll(language.escape)].map((m) => m[0]),
    mocks: language.mock ? [...code.matchAll(language.mock)].map((m) => m[1] ?? "") : [],
  };
}

function plainBody(text: string): string {
  return text.replace(/\s+/g, "").replace(/[)};,]+$/, "");
}

/** A program that a test writes or starts is text in a string, and ends itself rightly. */
function withoutLongStrings(code: string): string {
  return code.replace(/"(?:[^"\\\n]|\\.){7,}"|'(?:[^'\\\n]|\\.){7,}'|`[^`$]{7,}`/g, '""');
}

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}
