import picomatch from "picomatch";
import { builtInProtectedPaths, type Policy } from "../domain/policy.ts";

/** Says which rule protects a path, or null. Case does not matter; a path is `/`-separated and relative. */
export type Protection = (path: string) => string | null;

// Baton's own folder can be exempted by nobody: state and contract are not the work's to write.
const neverExempt = picomatch([".baton", ".baton/**"], { dot: true, nocase: true });

/** The protected paths of a policy: the built-in list and `protect`, without `unprotect`. */
export function createProtection(policy: Pick<Policy, "protect" | "unprotect">): Protection {
  const options = { dot: true, nocase: true };
  const rules = [...builtInProtectedPaths, ...policy.protect].map((glob) => ({
    glob,
    matches: picomatch(glob.endsWith("/") ? `${glob}**` : glob, options),
  }));
  const isExempt = policy.unprotect.length > 0 ? picomatch(policy.unprotect, options) : () => false;
  return (path) => {
    const rule = rules.find(({ matches }) => matches(path));
    if (!rule) return null;
    return isExempt(path) && !neverExempt(path) ? null : rule.glob;
  };
}
