import { appendFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gitEnvironment } from "./environment.ts";
import { GitError, runGit } from "./run-git.ts";
import type { GitStore } from "./store.ts";

/**
 * Gives the model a disposable repository in its work folder: the last commits of the base, one branch, no remotes, no
 * tags, no reflog. Copy-out never looks at it. Call it before anything of the model runs there.
 */
export async function seedModelRepository(
  dir: string,
  options: { store: GitStore; base: string; depth?: number },
): Promise<void> {
  const stage = join(options.store.dir, `seed-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const env = gitEnvironment({ config: [["safe.directory", "*"]] });
  const git = async (args: readonly string[]) => {
    const result = await runGit({ args: [`--git-dir=${stage}`, ...args], env, cwd: options.store.dir });
    if (result.code !== 0) throw new GitError(args[0] ?? "", result);
  };
  await mkdir(stage);
  try {
    await git(["init", "--quiet", "--bare", "--template=", "--initial-branch=work"]);
    const url = pathToFileURL(options.store.dir).href;
    const depth = `--depth=${options.depth ?? 20}`;
    await git([
      "fetch",
      "--quiet",
      "--no-tags",
      "--no-write-fetch-head",
      depth,
      "--",
      url,
      `${options.base}:refs/heads/work`,
    ]);
    await git(["read-tree", options.base]);
    await git([`--work-tree=${dir}`, "update-index", "-q", "--refresh"]).catch(() => {});
    await rm(join(stage, "hooks"), { recursive: true, force: true });
    await writeFile(
      join(stage, "config"),
      "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tautocrlf = false\n" +
        "[gc]\n\tauto = 0\n[user]\n\tname = worker\n\temail = worker@localhost\n",
    );
    await mkdir(join(stage, "info"), { recursive: true });
    await appendFile(join(stage, "info", "exclude"), ".baton/\n");
    await rm(join(dir, ".git"), { recursive: true, force: true });
    await moveFolder(stage, join(dir, ".git"));
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function moveFolder(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    const { cp } = await import("node:fs/promises");
    await cp(from, to, { recursive: true });
  }
}
