import type { Finding } from "../domain/verdict.ts";
import {
  assertionLibraryMeddled,
  assertionPatched,
  assertionsFewer,
  assertionsWeaker,
  noAssertion,
  tautology,
  testEscapes,
} from "./ratchet/assertions.ts";
import { testFileLost, testFocused, testLost, testNotRun, testSkipped } from "./ratchet/kept-tests.ts";
import type { RatchetInput, Rule } from "./ratchet/rule.ts";
import { checksSuppressed, compilerLoosened, typesLoosened } from "./ratchet/strictness.ts";
import {
  environmentSniffed,
  hardCoded,
  snapshotRewritten,
  supportChanged,
  timeoutRaised,
  unitMocked,
} from "./ratchet/trickery.ts";

/** Every rule of the ratchet by the name that its findings carry. */
export const ratchetRules: Readonly<Record<string, Rule>> = {
  "test-lost": testLost,
  "test-file-lost": testFileLost,
  "test-not-run": testNotRun,
  "test-skipped": testSkipped,
  "test-focused": testFocused,
  "assertions-fewer": assertionsFewer,
  "assertions-weaker": assertionsWeaker,
  tautology,
  "no-assertion": noAssertion,
  "test-escapes": testEscapes,
  "assertion-patched": assertionPatched,
  "assertion-library-meddled": assertionLibraryMeddled,
  "checks-suppressed": checksSuppressed,
  "types-loosened": typesLoosened,
  "compiler-loosened": compilerLoosened,
  "timeout-raised": timeoutRaised,
  "snapshot-rewritten": snapshotRewritten,
  "unit-mocked": unitMocked,
  "environment-sniffed": environmentSniffed,
  "hard-coded": hardCoded,
  "support-changed": supportChanged,
};

/** What got weaker between base and head: a pure function of both trees' texts, both result sets and the contract's exceptions. */
export function judgeRatchet(input: RatchetInput, rules: Readonly<Record<string, Rule>> = ratchetRules): Finding[] {
  return Object.values(rules).flatMap((rule) => rule(input));
}
