import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../domain/hash.ts";
import type { Forge, InboxItem, Publication, PublishedIds, SessionRequest } from "./forge.ts";

export interface LocalForgeOptions {
  /** Folder that receives `report.md`, `status.md` and `check.md`; made when absent. */
  outDir: string;
  /** Null when only a session that exists can go on. */
  request: SessionRequest | null;
  /** Commands given on the command line, as if they had been comments. */
  inbox: InboxItem[];
  now: () => Date;
  say: (line: string) => void;
}

/** A forge without a server: the same publication, written as files beside the branch of a local repository. */
export function createLocalForge(options: LocalForgeOptions): Forge {
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(options.outDir, { recursive: true });
    const path = join(options.outDir, name);
    const before = await readFile(path, "utf8").catch(() => null);
    if (before !== text) await writeFile(path, text);
  };
  const publish = async ({ report, check, status }: Publication): Promise<PublishedIds> => {
    await write("report.md", report);
    await write("check.md", `# ${check.title}\n\n${check.summary}\n\n${check.text}\n`);
    await write("status.md", status);
    return { pullRequest: null, pullRequestUrl: null, problems: [] };
  };
  return {
    identity: "local",
    runUrl: null,
    async loadRequest(state) {
      if (state)
        return {
          kind: "ok",
          request: { ...state.request, hiddenRemoved: 0, requester: state.requester, baseRef: state.base.ref },
        };
      if (options.request) return { kind: "ok", request: options.request };
      return {
        kind: "refused",
        stop: "config_error",
        reason: "There is no such session in this repository; give a task to start one.",
      };
    },
    readInbox: async (state) => options.inbox.filter(({ commentId }) => commentId > state.comment_cursor),
    isRunAlive: async (runId) => isLocalRunAlive(runId),
    findReasonToStop: async () => null,
    fateOfPullRequest: async () => "none",
    publish,
    showProgress: async (publication) => write("status.md", publication.status),
    explain: async (_stop, reason) => options.say(reason),
    ringDoorbell: async (envelope) => options.say(`To go on: baton continue ${envelope.session}`),
    // One disk, one writer: the files are rendered anew by whoever runs next.
    guardWrites: () => {},
    today: async () => options.now().toISOString().slice(0, 10),
  };
}

/** The request of a task given as text. */
export function requestOfTask(task: string, baseRef: string): SessionRequest {
  const [first = ""] = task.trim().split("\n");
  const title = first.replace(/^#+\s*/, "").slice(0, 200) || "Task";
  return {
    number: null,
    title,
    body: task.trim(),
    sha256: sha256(task.trim()),
    url: null,
    hiddenRemoved: 0,
    requester: { id: 0, login: "local" },
    baseRef,
  };
}

/** A local run's id is `<pid>-<start>`: signal 0 asks the kernel whether that process still exists. */
export function isLocalRunAlive(runId: string): boolean {
  const pid = Number(runId.split("-")[0]);
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
