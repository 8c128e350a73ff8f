import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { honestEvaluator } from "../../../src/local/model/honest-evaluator.ts";
import type { Reply, Script } from "../../../src/local/model/script.ts";
import { scriptByRole, sequence } from "../../../src/local/model/script-helpers.ts";
import { locatePackage } from "./package-files.ts";
import type { Change, RealTask } from "./real-task.ts";

const call = (name: string, input: unknown, text?: string): Reply => ({
  ...(text ? { text } : {}),
  toolCalls: [{ name, input }],
});

/** What a script needs of a task; only a task of a package has a release to copy files from. */
type Played = Pick<RealTask, "id" | "issue" | "criteria" | "allowedTestChanges"> &
  Partial<Pick<RealTask, "name" | "fixed" | "test">>;

/**
 * A script that plays a whole session: a contract from the task, these changes as the work, and an honest judge. A worker
 * that is refused insists, or asks a person what else is wanted when it `givesUp`.
 */
export async function playScript(
  task: Played,
  changes: readonly Change[],
  options: { first?: readonly Reply[]; owner?: Played; givesUp?: boolean } = {},
): Promise<Script> {
  const steps: Reply[] = [...(options.first ?? []), call("glob", { pattern: "*" }, "Let me look around.")];
  // What is edited or written over must have been read; a file that is new cannot be.
  const paths = new Set(changes.flatMap((change) => ("old" in change || "asFixed" in change ? [change.path] : [])));
  for (const path of paths) steps.push(call("read", { path, lines: 60 }));
  for (const change of changes) steps.push(await callOf(change, options.owner ?? task));
  steps.push(call("bash", { command: "npm test 2>&1 | tail -n 5", timeout_s: 120 }, "Now the tests."));
  const done = call("finish", { summary: "Done: every criterion is met." });
  return scriptByRole({
    initializer: sequence([call("bash", { command: "npm test 2>&1 | tail -n 5", timeout_s: 120 }), contractOf(task)]),
    worker: sequence([...steps, done], {
      after: options.givesUp ? call("blocked", { questions: ["What else is wanted?"] }) : done,
    }),
    evaluator: honestEvaluator(),
  });
}

function contractOf(task: Played): Reply {
  const title = task.issue.split("\n")[0] ?? "";
  return call("contract", {
    summary: title,
    criteria: task.criteria,
    allowed_test_changes: task.allowedTestChanges ?? [],
  });
}

async function callOf(change: Change, task: Played): Promise<Reply> {
  if ("run" in change) return call("bash", { command: change.run, timeout_s: 60 });
  if ("old" in change) return call("edit", change);
  if ("content" in change) return call("write", change);
  if (!task.name || !task.fixed) throw new Error(`${task.id} has no release to copy ${change.path} from`);
  const content = await readFile(join(await locatePackage(task.name, task.fixed), change.path), "utf8");
  return call("write", { path: change.path, content });
}
