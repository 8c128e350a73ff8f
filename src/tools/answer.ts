import type { ToolOutcome } from "../domain/tool.ts";
import type { FileAnswer } from "../sandbox/inside/protocol.ts";

/** A file tool's answer as the outcome of a call: refusals are errors that say what is allowed. */
export function outcomeOf(answer: FileAnswer): ToolOutcome {
  return answer.kind === "ok" ? { content: answer.text, isError: false } : { content: answer.reason, isError: true };
}

/** Says which rule protects a path of the work tree (relative, links resolved), or null. */
export type ProtectedBy = (path: string) => string | null;

/** The early word on protected paths: what the rule is, and that nothing was changed. */
export function guardWith(protectedBy: ProtectedBy): (path: string) => string | null {
  return (path) => {
    const rule = path.startsWith("/") ? null : protectedBy(path);
    return rule === null
      ? null
      : `${path} is protected (rule ${rule}): it stays as on the base, so nothing was written. Solve the task without changing it, or call blocked.`;
  };
}
