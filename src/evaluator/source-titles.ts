import { stripComments } from "./strip-comments.ts";
import { type TestLanguage, testLanguageOf } from "./test-language.ts";

/** What the ratchet counts in one file of tests. */
export interface TestCounts {
  language: TestLanguage["name"];
  /** Titles in order; equal ones appear as often as they stand there. */
  titles: string[];
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
  return {
    language: language.name,
    titles: [...code.matchAll(language.title)].map((m) => m[1] ?? m[2] ?? m[3] ?? ""),
    skips: count(code, language.skip),
    focused: language.focus ? count(code, language.focus) : 0,
    assertions: count(code, language.assertion),
    tautologies: [...code.matchAll(language.tautology)].map((m) => m[0]),
    escapes: [...code.matchAll(language.escape)].map((m) => m[0]),
    mocks: language.mock ? [...code.matchAll(language.mock)].map((m) => m[1] ?? "") : [],
  };
}

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}
