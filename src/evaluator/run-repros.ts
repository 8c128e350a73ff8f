import type { EvidenceLog } from "./evidence-log.ts";
import type { Judgement } from "./judgement.ts";
import type { EvaluatorWorld } from "./room.ts";
import { runOracle } from "./run-oracle.ts";

/** Most repro commands of one judgement that Baton runs. */
const maxRepros = 8;

/**
 * Runs the repro command of each of the judge's blockers in a fresh room. Reproduced means that it exits non-zero each
 * of two times, by running into the fault and not by a missing command or by doing nothing but failing.
 */
export async function runRepros(
  judgement: Judgement,
  tree: string,
  log: EvidenceLog,
  world: EvaluatorWorld,
): Promise<Set<number>> {
  const reproduced = new Set<number>();
  let left = maxRepros;
  for (const [index, { severity, repro }] of judgement.findings.entries()) {
    if (severity !== "blocker" || !repro || left-- <= 0 || failsByItself(repro)) continue;
    const oracle = { type: "command" as const, run: repro, expect: { exit: 0 }, timeout_s: 120 };
    const result = await runOracle(world, oracle, tree, 2);
    log.add("repro", null, result);
    if (result.outcome === "fail" && !result.timedOut && !notTheFault.test(result.tail)) reproduced.add(index);
  }
  return reproduced;
}

const notTheFault =
  /command not found|: not found\b|No such file or directory|Cannot find (?:module|package)|ModuleNotFoundError|Missing script|syntax error near|\[eval\d*\]:\d+[\s\S]{0,600}SyntaxError|unexpected EOF/;

function failsByItself(command: string): boolean {
  return /^\s*(?:false|exit\s+\d+|:|test\s+1\s+-eq\s+0|(?:echo|printf)\s[^;&|]*(?:;|&&)\s*(?:exit\s+[1-9]\d*|false))\s*;?\s*$/.test(
    command,
  );
}
