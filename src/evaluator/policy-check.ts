import picomatch from "picomatch";
import type { Contract } from "../domain/contract.ts";
import type { Finding } from "../domain/verdict.ts";
import type { Change } from "./changes.ts";
import { namedPaths } from "./named-paths.ts";
import { addedLines } from "./ratchet/rule.ts";
import { readJsonc } from "./ratchet/strictness.ts";
import { secretIn } from "./secret-scan.ts";
import { isTestSupport } from "./test-files.ts";

/** Largest file that a diff may add, in bytes. */
export const maxFileBytes = 5_000_000;

/** Most files that one piece of work may change before it is scope creep. */
export const maxFiles = 60;

/** Mode and size of a path in the head's tree. */
export interface HeadEntry {
  mode: string;
  size: number;
}

/** Everything that the policy check reads: it is a pure function of this. */
export interface PolicyInput {
  contract: Contract;
  changes: readonly Change[];
  head: ReadonlyMap<string, HeadEntry>;
  isProtected(path: string): boolean;
  /** True when the redactor would change this text: it holds one of the run's own secrets. */
  holdsSecret(text: string): boolean;
}

/** What the diff does that work must not do, or that a person must know of. */
export function judgePolicy(input: PolicyInput, rules: Readonly<Record<string, PolicyRule>> = policyRules): Finding[] {
  return Object.values(rules).flatMap((rule) => rule(input));
}

export type PolicyRule = (input: PolicyInput) => Finding[];

/** Speaks to the judge, or demands a verdict on this very work. */
const addressed =
  /\b(?:ignore|disregard|forget)\b[^.\n]{0,40}\b(?:previous|above|prior|earlier|all|your)\b[^.\n]{0,20}\b(?:instructions?|prompts?|rules)|\b(?:dear|attention|note to|hey)\b[^.\n]{0,20}\b(?:the )?(?:evaluators?|graders?|reviewers?|judges?|ai (?:model|assistant|agent|reviewer)s?|llms?|language model|claude|gpt|copilot)\b|\b(?:evaluators?|graders?|judges?|reviewers?|llms?|ai|agents?)\b\s*(?:[:,]|should|must|please)\s*(?:just |simply |please )?(?:pass|approve|accept|verify|mark)\s+(?:this|all|every\w*|it\b|the (?:changes?|work|criteri\w+|pull request))|\bmark (?:this|all|every)[^.\n]{0,30}\b(?:criteri\w+|as (?:pass|verified|approved))/i;

/** Words that a product which speaks to models, or a page for contributors, may rightly hold. */
const mayAddress =
  /\b(?:as|you are|instructions? (?:for|to))\b[^.\n]{0,20}\b(?:the )?(?:evaluators?|graders?|reviewers?|judges?|ai (?:model|assistant|agent|reviewer)s?|llms?|language model|claude|gpt|copilot)\b|\b(?:evaluators?|graders?|judges?|reviewers?|llms?)\b\s*(?:should|must|please)[^.\n]{0,60}\b(?:pass|approve|accept|verif|mark)/i;

/** Every rule of the policy check by the name that its findings carry. */
export const policyRules: Readonly<Record<string, PolicyRule>> = {
  "protected-path": ({ changes, isProtected }) =>
    paths(changes)
      .filter(isProtected)
      .map((path) => finding("protected-path", "blocker", path, "The policy protects this path from the work.")),
  secret: ({ changes, holdsSecret }) =>
    changes.flatMap((change) =>
      addedLines(change).flatMap(({ line, text }) => {
        const kind = holdsSecret(text) ? "a secret of this run" : secretIn(text);
        if (!kind) return [];
        return [
          finding(
            "secret",
            isTestSupport(change.path) && kind !== "a secret of this run" ? "advisory" : "blocker",
            change.path,
            `This line seems to hold ${kind}.`,
            line,
          ),
        ];
      }),
    ),
  binary: ({ changes }) =>
    changes
      .filter((c) => c.binary && c.status !== "removed")
      .map((c) => finding("binary", "advisory", c.path, "A binary file, which nobody can review as a diff.")),
  size: ({ changes, head }) =>
    changes.flatMap(({ path }) => {
      const size = head.get(path)?.size ?? 0;
      return size > maxFileBytes
        ? [finding("size", "blocker", path, `${(size / 1e6).toFixed(1)} MB; at most 5 MB can be published.`)]
        : [];
    }),
  symlink: ({ changes, head }) =>
    changes.flatMap(({ path, after }) => {
      const mode = head.get(path)?.mode;
      if (mode === "160000") return [finding("symlink", "blocker", path, "A submodule, which Baton does not publish.")];
      if (mode !== "120000") return [];
      const outside = after !== null && leavesTree(path, after);
      return [
        finding(
          "symlink",
          outside ? "blocker" : "advisory",
          path,
          outside ? "A link that leaves the repository." : "A new link.",
        ),
      ];
    }),
  "installed-code": ({ changes }) =>
    changes
      .filter(
        (c) =>
          c.status !== "removed" &&
          /(?:^|\/)(?:node_modules|\.venv|site-packages|\.yarn\/(?:cache|unplugged))\//.test(c.path) &&
          // A project that tests play with resolves only within itself.
          !/(?:^|\/)(?:__fixtures__|fixtures?|testdata)\/[^/]+\/(?:.*\/)?node_modules\//.test(c.path),
      )
      .slice(0, 5)
      .map((c) =>
        finding(
          "installed-code",
          "blocker",
          c.path,
          "Installed code in the tree would replace the tools that check the work.",
        ),
      ),
  dependency: ({ changes }) =>
    changes
      .filter((c) => /(?:^|\/)package\.json$/.test(c.path))
      .flatMap((change) => {
        const added = newDependencies(change);
        return added.length > 0
          ? [
              finding(
                "dependency",
                "advisory",
                change.path,
                `New or changed dependencies: ${added.slice(0, 10).join(", ")}`,
              ),
            ]
          : [];
      }),
  "other-dependency": ({ changes }) =>
    changes
      .filter(
        (c) =>
          /(?:^|\/)(?:requirements[^/]*\.txt|Pipfile|go\.mod|Cargo\.toml|Gemfile|composer\.json|pom\.xml|build\.gradle(?:\.kts)?)$/.test(
            c.path,
          ) && c.status !== "removed",
      )
      .filter((c) => addedLines(c).some(({ text }) => text.trim() !== ""))
      .map((c) => finding("other-dependency", "advisory", c.path, "The list of dependencies changed.")),
  lockfile: ({ contract, changes }) => {
    const asked = namedPaths(contract.criteria);
    const manifests = changes.some((c) =>
      /(?:^|\/)(?:package\.json|pyproject\.toml|Pipfile|go\.mod|Cargo\.toml|Gemfile|composer\.json)$/.test(c.path),
    );
    return changes
      .filter(
        (c) =>
          /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|poetry\.lock|uv\.lock|Pipfile\.lock|go\.sum|Cargo\.lock|Gemfile\.lock|composer\.lock)$/.test(
            c.path,
          ) &&
          !manifests &&
          !asked(c.path),
      )
      .map((c) =>
        finding(
          "lockfile",
          "blocker",
          c.path,
          "The lockfile changed although no manifest did: what is installed would change unseen.",
        ),
      );
  },
  scope: ({ contract, changes }) => {
    const globs = contract.criteria.flatMap((c) => c.touch);
    if (globs.length === 0) return [];
    const expected = picomatch(globs, { dot: true });
    const tests = (path: string) =>
      isTestSupport(path) || contract.criteria.some((c) => c.oracle.type === "test" && c.oracle.path === path);
    const outside = paths(changes).filter((path) => !expected(path) && !tests(path));
    return outside.length > 0
      ? [
          finding(
            "scope",
            "advisory",
            outside[0]!,
            `${outside.length} files outside what the criteria are expected to touch: ${outside.slice(0, 5).join(", ")}`,
          ),
        ]
      : [];
  },
  "too-many-files": ({ contract, changes }) => {
    const asked = namedPaths(contract.criteria);
    const beyond = changes.filter((c) => !asked(c.path) && !(c.oldPath !== null && asked(c.oldPath)));
    if (changes.length <= maxFiles) return [];
    return beyond.length > maxFiles
      ? [
          finding(
            "too-many-files",
            "blocker",
            null,
            `${beyond.length} files changed that no criterion names; more than ${maxFiles} is more than was asked for.`,
          ),
        ]
      : [finding("too-many-files", "advisory", null, `${changes.length} files changed: is that what was asked for?`)];
  },
  "addresses-reviewer": ({ changes }) =>
    changes.flatMap((change) => [
      ...(addressed.test(change.path.replace(/[-_/.]/g, " "))
        ? [finding("addresses-reviewer", "blocker", change.path, "The file's name speaks to whoever reviews it.")]
        : []),
      ...addedLines(change)
        .filter(({ text }) => addressed.test(text) || mayAddress.test(text))
        .slice(0, 3)
        .map(({ line, text }) =>
          finding(
            "addresses-reviewer",
            addressed.test(text) ? "blocker" : "advisory",
            change.path,
            "This line speaks to whoever reviews the work.",
            line,
          ),
        ),
    ]),
};

function finding(
  rule: string,
  severity: Finding["severity"],
  file: string | null,
  text: string,
  line: number | null = null,
): Finding {
  return { rule: `policy/${rule}`, severity, file, line, text: text.slice(0, 1_000), evidence: [] };
}

function paths(changes: readonly Change[]): string[] {
  return [...new Set(changes.flatMap((c) => (c.oldPath === null ? [c.path] : [c.oldPath, c.path])))];
}

function leavesTree(path: string, target: string): boolean {
  if (target.startsWith("/")) return true;
  let depth = path.split("/").length - 1;
  for (const part of target.trim().split("/")) {
    if (part === "..") depth--;
    else if (part !== "." && part !== "") depth++;
    if (depth < 0) return true;
  }
  return false;
}

function newDependencies(change: Change): string[] {
  const was = dependencies(change.before);
  return [...dependencies(change.after)]
    .filter(([name, version]) => was.get(name) !== version)
    .map(([name, version]) => `${name}@${version}`);
}

function dependencies(text: string | null): Map<string, string> {
  const manifest = text === null ? null : readJsonc(text);
  const all = [
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
    "overrides",
    "resolutions",
  ].flatMap((key) => {
    const group = manifest?.[key];
    return group !== null && typeof group === "object" ? Object.entries(group) : [];
  });
  return new Map(all.map(([name, version]) => [name, String(version)]));
}
