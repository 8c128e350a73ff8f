import type { ContractDraft, Criterion } from "../domain/contract.ts";
import { safeMatch } from "./safe-match.ts";
import { unsafePath } from "./safe-path.ts";

/** Most criteria that the initializer may write; policy oracles come on top. */
export const maxCriteria = 15;

/** Most bytes of carried files per criterion. */
export const maxCarriedBytes = 65_536;

/** What the rules of a draft read of the world: the base's paths and what the policy protects. */
export interface DraftFacts {
  basePaths: ReadonlySet<string>;
  isProtected(path: string): boolean;
}

/** Why this draft cannot be frozen, each reason one that its author can act on; empty when it can go to the base run. */
export function checkDraft(draft: ContractDraft, facts: DraftFacts): string[] {
  return [
    ...checkCount(draft.criteria),
    ...checkIds(draft.criteria),
    ...checkRubrics(draft.criteria),
    ...draft.criteria.flatMap((criterion) => checkCriterion(criterion, facts)),
    ...checkSharedFiles(draft.criteria),
    ...checkAllowedChanges(draft, facts),
  ];
}

function checkCount(criteria: Criterion[]): string[] {
  if (criteria.length === 0) return ["No criteria: write 3 to 15, each with an oracle that fails on the base."];
  if (criteria.length > maxCriteria)
    return [
      `${criteria.length} criteria: at most ${maxCriteria} can be decided; merge those that one oracle can decide.`,
    ];
  return criteria.some((c) => c.must) ? [] : ["No criterion is a must: at least one has to be."];
}

function checkIds(criteria: Criterion[]): string[] {
  const ids = criteria.map((c) => c.id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  const reserved = ids.filter((id) => /^P\d+$/.test(id));
  return [
    ...(twice.length > 0 ? [`Ids used twice: ${[...new Set(twice)].join(", ")}.`] : []),
    ...(reserved.length > 0 ? [`${reserved.join(", ")}: ids P1, P2, … are the policy's; call yours C1, C2, …`] : []),
  ];
}

function checkRubrics(criteria: Criterion[]): string[] {
  const rubrics = criteria.filter((c) => c.oracle.type === "rubric").map((c) => c.id);
  return rubrics.length * 10 > criteria.length * 3
    ? [
        `${rubrics.length} of ${criteria.length} criteria are rubrics (${rubrics.join(", ")}): at most 30 %. Give the others a command, test, file or http oracle.`,
      ]
    : [];
}

function checkCriterion(criterion: Criterion, facts: DraftFacts): string[] {
  return [
    ...checkOracle(criterion, facts),
    ...checkCarried(criterion, facts),
    ...(criterion.worker_written && criterion.oracle.type !== "test"
      ? ["is worker_written, which is only for an oracle of type test."]
      : []),
  ].map((reason) => `${criterion.id} ${reason}`);
}

function checkOracle({ oracle, files, worker_written }: Criterion, facts: DraftFacts): string[] {
  if (oracle.type === "rubric") return [];
  if (oracle.type === "file") {
    const bad = unsafePath(oracle.path);
    return bad ? [`names the path ${oracle.path}, which ${bad}.`] : checkPattern(oracle.match);
  }
  if (oracle.type === "http") {
    const { status, body_match } = oracle.expect;
    return status === undefined && body_match === undefined
      ? ["expects nothing of the response: give a status or body_match."]
      : checkPattern(body_match);
  }
  const { exit, stdout_match, number } = oracle.expect;
  const reasons = [...checkPattern(stdout_match), ...checkPattern(number?.pattern)];
  if (exit === undefined && stdout_match === undefined && number === undefined)
    reasons.push("expects nothing: give exit, stdout_match or number.");
  if (number && number.min === undefined && number.max === undefined && number.target === undefined)
    reasons.push("expects a number without min, max or target.");
  if (exit === 126 || exit === 127) reasons.push(`expects exit ${exit}, which means that the command cannot be run.`);
  if (oracle.type === "test") {
    const bad = unsafePath(oracle.path);
    if (bad) reasons.push(`names the path ${oracle.path}, which ${bad}.`);
    const known = facts.basePaths.has(oracle.path) || files.some((file) => file.path === oracle.path);
    if (!bad && !known && !worker_written)
      reasons.push(
        `names the test ${oracle.path}, which neither exists on the base nor is carried in files. Carry it, or mark the criterion worker_written.`,
      );
  }
  return reasons;
}

function checkPattern(pattern: string | undefined): string[] {
  if (pattern === undefined) return [];
  const tried = safeMatch(pattern, "");
  return tried.kind === "bad_pattern" ? [`has the pattern /${pattern}/, which is not valid: ${tried.reason}.`] : [];
}

function checkCarried({ files, worker_written }: Criterion, facts: DraftFacts): string[] {
  const bytes = files.reduce((sum, file) => sum + Buffer.byteLength(file.content), 0);
  const reasons =
    bytes > maxCarriedBytes ? [`carries ${bytes} bytes of files; at most ${maxCarriedBytes} are kept.`] : [];
  if (worker_written && files.length > 0) reasons.push("carries files although it is worker_written: choose one.");
  for (const { path } of files) {
    const bad = unsafePath(path);
    if (bad) reasons.push(`carries ${path}, which ${bad}.`);
    else if (facts.isProtected(path)) reasons.push(`carries ${path}, which lies under a protected path.`);
    else if (facts.basePaths.has(path))
      reasons.push(
        `carries ${path}, which exists on the base: choose a new name, so that nothing of the repository is hidden.`,
      );
  }
  return reasons;
}

function checkSharedFiles(criteria: Criterion[]): string[] {
  const owners = new Map<string, { id: string; content: string }>();
  const reasons: string[] = [];
  for (const { id, files } of criteria) {
    for (const { path, content } of files) {
      const other = owners.get(path);
      if (other && other.content !== content) reasons.push(`${id} and ${other.id} carry different files at ${path}.`);
      owners.set(path, { id, content });
    }
  }
  return reasons;
}

function checkAllowedChanges(draft: ContractDraft, facts: DraftFacts): string[] {
  return draft.allowed_test_changes
    .filter(({ path }) => !facts.basePaths.has(path))
    .map(({ path }) => `allowed_test_changes names ${path}, which does not exist on the base.`);
}
