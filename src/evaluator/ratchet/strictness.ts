import type { Finding } from "../../domain/verdict.ts";
import { isTestFile } from "../test-files.ts";
import { finding, listed, type RatchetInput } from "./rule.ts";

/** Words that make a check look away, and the commands that run that check. */
const suppressions: readonly { word: RegExp; run: RegExp }[] = [
  { word: /eslint-disable|oxlint-disable/g, run: /lint|\bxo\b|\bstandard\b/i },
  { word: /biome-ignore/g, run: /biome|lint|\bcheck\b/i },
  { word: /@ts-(?:ignore|expect-error|nocheck)/g, run: /tsc|typ(?:e|ing)|\bbuild\b|lint|jest|\bcheck\b/i },
  { word: /#\s*(?:type:\s*ignore|pyright:\s*ignore|mypy:)/g, run: /mypy|pyright|typ(?:e|ing)|tox|nox|lint/i },
  { word: /#\s*(?:noqa|pylint:\s*disable|ruff:\s*noqa)/g, run: /flake8|ruff|lint|tox|nox|pre-commit/i },
  { word: /\/\/\s*nolint/g, run: /lint|\bvet\b/i },
  { word: /#!?\[allow\(/g, run: /clippy|cargo/i },
  { word: /@SuppressWarnings|@Suppress\(/g, run: /mvn|gradle|lint|detekt|checkstyle/i },
  { word: /rubocop:disable/g, run: /rubocop|lint|rake/i },
  { word: /@?phpstan-ignore|@psalm-suppress/g, run: /phpstan|psalm|lint|composer/i },
  {
    word: /(?:istanbul|c8|v8)\s+ignore|pragma:\s*no\s*cover/g,
    run: /\bc8\b|nyc|istanbul|cov(?:erage)?\b|vitest|jest|pytest|tox|\btap\b/i,
  },
  { word: /prettier-ignore/g, run: /prettier|format|lint/i },
  { word: /deno-lint-ignore/g, run: /deno|lint/i },
  { word: /NOSONAR/g, run: /sonar/i },
];

/** More places than on the base where lint, types or coverage are told to look away; a hint where no oracle runs that check. */
export function checksSuppressed({ changes, allowed, commands }: RatchetInput): Finding[] {
  const isRun = (run: RegExp): boolean => commands.some((command) => run.test(command));
  return changes
    .filter((c) => !allowed.has(c.oldPath ?? c.path) && !/\.(?:md|markdown|rst|txt)$/i.test(c.path))
    .flatMap((change) => {
      const more = suppressions
        .map(({ word, run }) => ({ was: found(change.before, word), is: found(change.after, word), isRun: isRun(run) }))
        .filter(({ was, is }) => is.length > was.length);
      const count = more.reduce((sum, { was, is }) => sum + is.length - was.length, 0);
      return count > 0
        ? [
            finding(
              "checks-suppressed",
              more.some((one) => one.isRun) ? "blocker" : "advisory",
              change.path,
              `${count} more places than on the base tell lint, types or coverage to look away: ${listed([...new Set(more.flatMap(({ is }) => is))])}`,
            ),
          ]
        : [];
    });
}

/** More of `any` in typed product code: a hint for the judge. */
export function typesLoosened({ changes }: RatchetInput): Finding[] {
  return changes
    .filter((c) => /\.[cm]?tsx?$/.test(c.path) && !isTestFile(c.path))
    .flatMap((change) => {
      const more =
        found(change.after, /(?::|\bas|<)\s*any\b/g).length - found(change.before, /(?::|\bas|<)\s*any\b/g).length;
      return more > 0
        ? [finding("types-loosened", "advisory", change.path, `${more} more uses of \`any\` than on the base.`)]
        : [];
    });
}

const strictOptions = [
  "strict",
  "noImplicitAny",
  "strictNullChecks",
  "strictFunctionTypes",
  "strictBindCallApply",
  "strictPropertyInitialization",
  "noImplicitThis",
  "useUnknownInCatchVariables",
  "alwaysStrict",
  "noUnusedLocals",
  "noUnusedParameters",
  "noImplicitReturns",
  "noFallthroughCasesInSwitch",
  "noUncheckedIndexedAccess",
  "noImplicitOverride",
  "exactOptionalPropertyTypes",
  "noPropertyAccessFromIndexSignature",
  "checkJs",
  "noEmitOnError",
  "forceConsistentCasingInFileNames",
];

/** A tsconfig that checks less, or fewer files, than on the base. */
export function compilerLoosened({ changes, allowed }: RatchetInput): Finding[] {
  return changes
    .filter(
      (c) =>
        /(?:^|\/)[tj]sconfig[^/]*\.json$/.test(c.oldPath ?? c.path) &&
        c.before !== null &&
        !allowed.has(c.oldPath ?? c.path),
    )
    .flatMap((change) => {
      const file = change.path;
      if (change.after === null)
        return [finding("compiler-loosened", "blocker", file, "The compiler's configuration was removed.")];
      const was = readJsonc(change.before!);
      const is = readJsonc(change.after);
      if (!was || !is)
        return [finding("compiler-loosened", "blocker", file, "The compiler's configuration can no longer be read.")];
      const off = strictOptions.filter((o) => option(was, o) === true && option(is, o) !== true);
      const on = strictOptions.filter((o) => option(was, o) === undefined && option(is, o) === false);
      const excluded = strings(is["exclude"]).filter((glob) => !strings(was["exclude"]).includes(glob));
      const dropped = [...strings(was["include"]), ...strings(was["files"])].filter(
        (glob) => ![...strings(is["include"]), ...strings(is["files"])].includes(glob),
      );
      return [
        ...([...off, ...on].length > 0
          ? [finding("compiler-loosened", "blocker", file, `Checks that are off now: ${listed([...off, ...on])}`)]
          : []),
        ...([...excluded, ...dropped].length > 0
          ? [
              finding(
                "compiler-loosened",
                "blocker",
                file,
                `Files that are no longer checked: ${listed([...excluded, ...dropped])}`,
              ),
            ]
          : []),
      ];
    });
}

/** Comments and trailing commas removed, then parsed; null when it is no object. */
export function readJsonc(text: string): Record<string, unknown> | null {
  const plain = text
    .replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_all, string: string | undefined) => string ?? "")
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_all, string: string | undefined) => string ?? "");
  try {
    const value: unknown = JSON.parse(plain.replace(/^\uFEFF/, ""));
    return value !== null && typeof value === "object" && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

function option(config: Record<string, unknown>, name: string): unknown {
  const options = config["compilerOptions"];
  return options !== null && typeof options === "object" ? new Map(Object.entries(options)).get(name) : undefined;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function found(text: string | null, pattern: RegExp): string[] {
  return text === null ? [] : [...text.matchAll(pattern)].map((m) => m[0]);
}
