import picomatch from "picomatch";
import { builtInProtectedPaths, type Policy } from "../domain/policy.ts";

/** Says which rule protects a path, or null. Case does not matter; a path is `/`-separated and relative. */
export type Protection = (path: string) => string | null;

// Baton's own folder can be exempted by nobody: state and contract are not the work's to write.
const neverExempt = picomatch([".baton", ".baton/**"], { dot: true, nocase: true });

/** The rule of a path that is not protected by itself but lies outside what this piece of work may touch. */
export const outsideScope = "outside the paths of this chore";

/**
 * The protected paths of a policy: the built-in list and `protect`, without `unprotect`. A `scope` that is not empty
 * protects everything outside its globs besides; it never opens what the policy protects.
 */
export function createProtection(
  policy: Pick<Policy, "protect" | "unprotect">,
  scope: readonly string[] = [],
): Protection {
  const options = { dot: true, nocase: true };
  const rules = [...builtInProtectedPaths, ...policy.protect].map((glob) => ({
    glob,
    matches: picomatch(glob.endsWith("/") ? `${glob}**` : glob, options),
  }));
  const isInScope = scope.length > 0 ? picomatch([...scope], options) : () => true;
  const isExempt = policy.unprotect.length > 0 ? picomatch(policy.unprotect, options) : () => false;
  return (path) => {
    const rule = rules.find(({ matches }) => matches(path));
    if (rule && (!isExempt(path) || neverExempt(path))) return rule.glob;
    return isInScope(path) ? null : outsideScope;
  };
}
