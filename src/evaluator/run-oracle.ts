import type { Oracle } from "../domain/contract.ts";
import { sha256 } from "../domain/hash.ts";
import { httpCommand, judgeHttp } from "./http-oracle.ts";
import { judgeExpectation, type Met } from "./judge-expectation.ts";
import { type EvaluatorWorld, outputOf } from "./room.ts";
import { safeMatch } from "./safe-match.ts";

/** What running one oracle on one tree came to, over all its attempts. */
export interface OracleResult {
  /** `flaky`: it failed and passed on the same tree. `error`: it could not be run at all. */
  outcome: "pass" | "fail" | "flaky" | "error";
  /** Why it is not a pass; empty for a pass. */
  reason: string;
  command: string;
  exit: number | null;
  attempts: (number | null)[];
  timedOut: boolean;
  durationMs: number;
  tree: string;
  outputSha256: string;
  /** Last part of the deciding attempt's output, redacted, at most 4,000 characters. */
  tail: string;
  /** Redacted output of the deciding attempt with paths relative to the work tree; for test reports, never stored. */
  output: string;
}

/** Oracles that Baton can run; a rubric is for the judge. */
export type MachineOracle = Exclude<Oracle, { type: "rubric" }>;

interface Attempt {
  met: Met;
  exit: number | null;
  timedOut: boolean;
  durationMs: number;
  output: string;
}

/** Longest tail of output that evidence keeps, in characters. */
export const tailLength = 4_000;

/**
 * Runs an oracle on a tree, each attempt in its own room: one pass among failures means flaky. A failure is repeated up to
 * `repeats` times in all; without a number once, and once more where the two failures do not say the same. A file oracle
 * reads the tree and runs nothing.
 */
export async function runOracle(
  world: EvaluatorWorld,
  oracle: MachineOracle,
  tree: string,
  repeats?: number,
): Promise<OracleResult> {
  if (oracle.type === "file") return askTree(world, oracle, tree);
  const attempts: Attempt[] = [];
  const isEnough = (): boolean =>
    repeats === undefined ? saysTheSame(attempts) || attempts.length >= 3 : attempts.length >= repeats;
  do attempts.push(await attemptOracle(world, oracle, tree));
  while (attempts.at(-1)!.met.kind === "unmet" && canBeFlaky(attempts) && !isEnough());
  return summarise(world, oracle, tree, attempts);
}

/** The command as evidence and report show it. */
export function commandOf(oracle: Oracle): string {
  switch (oracle.type) {
    case "command":
    case "test":
      return oracle.run;
    case "http":
      return `${oracle.start} & ${oracle.method} ${oracle.url}`;
    case "file":
      return `file ${oracle.path}${oracle.exists ? "" : " is absent"}${oracle.match ? ` matches /${oracle.match}/` : ""}`;
    case "rubric":
      return "rubric";
  }
}

async function attemptOracle(
  world: EvaluatorWorld,
  oracle: Exclude<MachineOracle, { type: "file" }>,
  tree: string,
): Promise<Attempt> {
  const room = await world.openRoom(tree);
  try {
    const command = oracle.type === "http" ? httpCommand(oracle) : oracle.run;
    const result = await room.sandbox.exec(command, {
      timeoutMs: oracle.timeout_s * 1_000,
      ...(world.signal ? { signal: world.signal } : {}),
    });
    // What our own cancel cut short says nothing about the tree: the run ends here, and nothing is judged.
    world.signal?.throwIfAborted();
    const run = { exit: result.exit, timedOut: result.timedOut, output: world.redact(outputOf(result)) };
    const met = oracle.type === "http" ? judgeHttp(oracle, run) : judgeExpectation(oracle.expect, run);
    const output = run.output.replaceAll(`${room.workDir}/`, "").replaceAll("/workspace/", "");
    return { met, exit: result.exit, timedOut: result.timedOut, durationMs: Math.round(result.durationMs), output };
  } finally {
    await room.close();
  }
}

/** A command that is missing, or one that ran into its timeout, will not be there or faster the second time. */
function canBeFlaky(attempts: Attempt[]): boolean {
  const last = attempts.at(-1)!;
  return !last.timedOut && last.exit !== 126 && last.exit !== 127;
}

/** Whether the last two attempts ended alike; counts and times may differ. */
function saysTheSame(attempts: Attempt[]): boolean {
  const [one, other] = attempts.slice(-2).map(({ exit, output }) => `${exit}\n${output.replace(/\d+/g, "0")}`);
  return other !== undefined && one === other;
}

function summarise(world: EvaluatorWorld, oracle: MachineOracle, tree: string, attempts: Attempt[]): OracleResult {
  const failed = attempts.filter((a) => a.met.kind === "unmet");
  const decisive = failed.at(-1) ?? attempts.at(-1)!;
  const missing = decisive.exit === 126 || decisive.exit === 127;
  const outcome = failed.length === 0 ? "pass" : failed.length < attempts.length ? "flaky" : missing ? "error" : "fail";
  return {
    outcome,
    reason: decisive.met.kind === "unmet" ? decisive.met.reason : "",
    command: world.redact(commandOf(oracle)),
    exit: decisive.exit,
    attempts: attempts.map((a) => a.exit),
    timedOut: decisive.timedOut,
    durationMs: attempts.reduce((sum, a) => sum + a.durationMs, 0),
    tree,
    outputSha256: sha256(decisive.output),
    tail: decisive.output.slice(-tailLength),
    output: decisive.output,
  };
}

async function askTree(
  world: EvaluatorWorld,
  oracle: Extract<Oracle, { type: "file" }>,
  tree: string,
): Promise<OracleResult> {
  const bytes = await world.store.readBlob(tree, oracle.path);
  const text = bytes ? world.redact(new TextDecoder().decode(bytes)) : "";
  const reason = fileReason(oracle, bytes !== null, text);
  return {
    outcome: reason ? "fail" : "pass",
    reason,
    command: world.redact(commandOf(oracle)),
    exit: reason ? 1 : 0,
    attempts: [reason ? 1 : 0],
    timedOut: false,
    durationMs: 0,
    tree,
    outputSha256: sha256(text),
    tail: bytes ? `${oracle.path}: ${bytes.length} bytes` : `${oracle.path}: not in the tree`,
    output: "",
  };
}

function fileReason(oracle: Extract<Oracle, { type: "file" }>, exists: boolean, text: string): string {
  if (exists !== oracle.exists) return exists ? `${oracle.path} still exists` : `${oracle.path} does not exist`;
  if (!exists || oracle.match === undefined) return "";
  const found = safeMatch(oracle.match, text);
  if (found.kind === "match") return "";
  return found.kind === "bad_pattern"
    ? `the pattern /${oracle.match}/ cannot be used: ${found.reason}`
    : `${oracle.path} does not match /${oracle.match}/`;
}
