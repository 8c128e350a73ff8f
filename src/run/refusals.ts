import type { CheckpointOutcome } from "../session/checkpoint.ts";
import type { RunEnd } from "./end.ts";
import { mergeNewBase } from "./merge-base.ts";
import type { Run } from "./open-run.ts";

type Refusal = Extract<CheckpointOutcome, { kind: "refused" }>;

/** What came of a refusal: something is other now and the push can be tried again, or nothing helps. */
export type Remedy = { kind: "again"; merged?: string } | { kind: "none"; end: RunEnd };

/**
 * Answers a push that the remote refused for what is in it. A branch that is behind on workflow files is merged with the
 * base; files that the remote names are left out of the work, and parts of the session's record are given up. Where
 * nothing helps, nothing more is pushed to the branch.
 */
export async function answerRefusal(run: Run, refusal: Refusal): Promise<Remedy> {
  const remedy = refusal.why === "workflows" ? await catchUp(run, refusal) : await leaveOut(run, refusal);
  if (remedy.kind === "none") run.conflict ??= remedy.end;
  return remedy;
}

/** Takes back the commit that the remote did not take: the branch is where the remote has it. */
export async function dropHead(run: Run, refusal: Refusal): Promise<void> {
  await noteRefusal(run, refusal, { files: [], record: [] });
}

async function leaveOut(run: Run, refusal: Refusal): Promise<Remedy> {
  const named = await findNamed(run, refusal);
  const text = sayRefusal(refusal);
  const isRenounced = named.record.length === 0 || (await run.session.renounce(named.record, text));
  const helps = isRenounced && named.files.length + named.record.length > 0;
  await noteRefusal(run, refusal, helps ? named : { files: [], record: [] });
  return helps ? { kind: "again" } : { kind: "none", end: { stop: "config_error", text } };
}

/** The tree without what the remote has refused to hold; where the base has such a path, the base's content stands. */
export async function withoutRefused(run: Run, tree: string): Promise<string> {
  const refused = run.session.events().flatMap((event) => (event.type === "push_refused" ? event.data.left_out : []));
  return await standIn(run, tree, refused);
}

async function standIn(run: Run, tree: string, refused: readonly { path: string; sha: string }[]): Promise<string> {
  if (refused.length === 0) return tree;
  const base = await run.store.listTree(await run.store.treeOf(run.session.state().base.sha));
  const changes = [];
  for (const { path, sha } of refused) {
    if ((await run.store.resolve(`${tree}:${path}`)) !== sha) continue;
    const stands = base.find((file) => file.path === path);
    changes.push({ path, sha: stands?.sha ?? null, ...(stands ? { mode: stands.mode } : {}) });
  }
  return changes.length === 0 ? tree : await run.store.graft(tree, changes);
}

/** What is left out of the work since the remote refuses it, in words for the next context. */
export function describeLeftOut(run: Run): string[] {
  const paths = run.session
    .events()
    .flatMap((event) => (event.type === "push_refused" ? event.data.left_out.map(({ path }) => path) : []));
  if (paths.length === 0) return [];
  return [
    `The repository's push rules refuse the content of ${[...new Set(paths)].slice(0, 10).join(", ")} as it was written; it is left out of the work. Other content at the same path is tried again.`,
  ];
}

async function catchUp(run: Run, refusal: Refusal): Promise<Remedy> {
  await dropHead(run, refusal);
  const merged = await mergeNewBase(run);
  if (merged.kind === "merged") return { kind: "again", merged: merged.head };
  const why = merged.kind === "conflict" ? ` ${merged.end.text}` : "";
  return { kind: "none", end: { stop: "config_error", text: `${sayRefusal(refusal)}${why}` } };
}

/** Files of the work and parts of the record that the remote's words name, by the structured lines or else as they stand in the text. */
async function findNamed(run: Run, { paths, detail }: Refusal) {
  const changed = await listChanged(run);
  const isNamed = (path: string): boolean =>
    paths.length > 0 ? paths.includes(path) || paths.includes(`work/${path}`) : containsWord(detail, path);
  const record = paths.filter((path) => path.startsWith("session/")).map((path) => path.slice("session/".length));
  return { files: changed.filter(({ path }) => isNamed(path)), record };
}

async function listChanged(run: Run): Promise<{ path: string; sha: string }[]> {
  const base = await run.store.listTree(await run.store.treeOf(run.session.state().base.sha));
  const known = new Map(base.map(({ path, sha }) => [path, sha]));
  const files = await run.store.listTree(run.workTree);
  return files.flatMap(({ path, sha }) => (known.get(path) === sha ? [] : [{ path, sha }]));
}

function containsWord(text: string, path: string): boolean {
  const escaped = path.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?:^|[\\s"'\`(:]|work/)${escaped}(?=$|[\\s"'\`),:])`, "m").test(text);
}

async function noteRefusal(
  run: Run,
  refusal: Refusal,
  named: { files: { path: string; sha: string }[]; record: string[] },
): Promise<void> {
  const tree = await standIn(run, run.workTree, named.files);
  const about = { why: refusal.why, detail: refusal.detail.slice(0, 2_000), work_head: run.session.remoteHead(), tree };
  await run.record("push_refused", { ...about, left_out: named.files, renounced: named.record });
  run.workTree = tree;
  for (const { path } of named.files) {
    await run.record("warned", { text: `${path} is left out of the work: ${sayRefusal(refusal)}` });
  }
  if (named.record.length > 0) {
    await run.record("warned", {
      text: `Parts of the session's record were given up (${named.record.join(", ")}): ${sayRefusal(refusal)}`,
    });
  }
}

const said: Readonly<Partial<globalThis.Record<Refusal["why"], string>>> = {
  secret: "the repository's secret protection refused it",
  size: "the remote takes no file of this size",
  workflows:
    "this token may not push a branch whose workflow files differ from the default branch's; give the App the permission Workflows: write, or bring the base up to date",
  rules: "the repository's rules refused it",
  auth: "this token has no right to push there",
};

/** The refusal in words for people: what kind it is, and the remote's own lines. */
function sayRefusal({ why, detail, refs }: Refusal): string {
  const lines = detail
    .split("\n")
    .map((line) => line.replace(/^remote:\s?/, "").trim())
    .filter((line) => line !== "" && !/^(?:To |Done$|error: failed to push|hint:|!\s)/.test(line));
  const where = refs.length > 0 ? ` (\`${refs.slice(0, 3).join("`, `")}\`)` : "";
  return `${said[why] ?? "the remote refused the push"}${where}: ${lines.join(" · ").slice(0, 400)}`;
}
