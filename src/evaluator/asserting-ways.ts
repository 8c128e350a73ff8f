/** Failing calls by the name of the assertion; `A` and `B` stand for two different texts. */
export type Ways = Readonly<Record<string, string>>;

/** The failing calls of those assertions that the code uses, with texts that no product can know. */
export function usedWays(ways: Ways, code: string, word: string): string[] {
  return Object.entries(ways)
    .filter(([name]) => new RegExp(`\\b${name}\\b`).test(code))
    .map(([, way]) => way.replace(/\bA\b/g, `"a${word}"`).replace(/\bB\b/g, `"b${word}"`));
}
