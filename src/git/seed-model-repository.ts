import { constants } from "node:fs";
import { cp, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gitEnvironment } from "./environment.ts";
import { GitError, runGit } from "./run-git.ts";
import type { GitStore } from "./store.ts";

/** Commits of the base that the model sees. */
const depth = 20;

/**
 * Gives the model a disposable repository in its work folder: the last commits of the base, one branch, no remotes, no
 * tags, no reflog. Copy-out never looks at it. Call it before anything of the model runs there.
 */
export async function seedModelRepository(dir: string, options: { store: GitStore; base: string }): Promise<void> {
  const { store, base } = options;
  const template = await ensureTemplate(store, base);
  const target = join(dir, ".git");
  await rm(target, { recursive: true, force: true });
  await cp(template, target, { recursive: true, mode: constants.COPYFILE_FICLONE });
  await git(store, target, [`--work-tree=${dir}`, "update-index", "-q", "--refresh"]).catch(() => {});
}

/** The repository of a base, made once: packing the commits costs half a second of CPU on a middling project, copying them little. */
export async function ensureTemplate(store: GitStore, base: string): Promise<string> {
  const template = join(store.dir, "seeds", base);
  const making = underWay.get(template);
  if (making) return await making;
  const made = makeTemplate(store, base, template).finally(() => underWay.delete(template));
  underWay.set(template, made);
  return await made;
}

const underWay = new Map<string, Promise<string>>();

async function makeTemplate(store: GitStore, base: string, template: string): Promise<string> {
  if (await stat(template).catch(() => null)) return template;
  const stage = `${template}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    await layOut(stage);
    const url = pathToFileURL(store.dir).href;
    const how = ["--quiet", "--no-tags", "--no-write-fetch-head", "--update-head-ok", `--depth=${depth}`];
    await git(store, stage, ["fetch", ...how, "--", url, `${base}:refs/heads/work`]);
    await git(store, stage, ["read-tree", base]);
    // Whoever was faster has made the same.
    await rename(stage, template).catch(async (error) => {
      if (!(await stat(template).catch(() => null))) throw error;
    });
    return template;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function git(store: GitStore, gitDir: string, args: readonly string[]): Promise<void> {
  const env = gitEnvironment({
    config: [
      ["safe.directory", "*"],
      ["core.logAllRefUpdates", "false"],
    ],
  });
  const result = await runGit({ args: [`--git-dir=${gitDir}`, ...args], env, cwd: store.dir });
  if (result.code !== 0) throw new GitError(args[0] ?? "", result);
}

/** An empty repository, as gitrepository-layout(5) asks for it: a process less than `git init`, and no hooks to remove. */
async function layOut(dir: string): Promise<void> {
  for (const folder of ["objects", "refs", "info"]) await mkdir(join(dir, folder), { recursive: true });
  await writeFile(join(dir, "HEAD"), "ref: refs/heads/work\n");
  await writeFile(join(dir, "info", "exclude"), ".baton/\n");
  await writeFile(
    join(dir, "config"),
    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tautocrlf = false\n" +
      "[gc]\n\tauto = 0\n[user]\n\tname = worker\n\temail = worker@localhost\n",
  );
}
