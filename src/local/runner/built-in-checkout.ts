import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { JobContext } from "./job-context.ts";

const execute = promisify(execFile);

/** `actions/checkout`: a real clone; with `persist-credentials` the token lies in a file under RUNNER_TEMP, as v6 does it. */
export async function checkOut(
  job: JobContext,
  inputs: Record<string, string>,
  log: (line: string) => void,
): Promise<void> {
  const { run, settings, paths } = job;
  const repository = inputs.repository || run.repository;
  const token = inputs.token || job.token;
  const dir = join(paths.workspace, inputs.path || ".");
  const depth = Number(inputs["fetch-depth"] || "1");
  const own = repository === run.repository && !inputs.ref;
  const header = `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
  const origin = new URL(settings.urls.server).origin;
  const env = {
    PATH: settings.hostPath,
    HOME: paths.home,
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `http.${origin}/.extraheader`,
    GIT_CONFIG_VALUE_0: header,
  };
  const git = async (...args: string[]): Promise<string> => {
    const { stdout } = await execute("git", args, {
      cwd: dir,
      env,
      signal: job.gone.signal,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout.trim();
  };
  await mkdir(dir, { recursive: true });
  log(`Syncing repository: ${repository}`);
  await git("init", "--quiet", "--initial-branch=main");
  await git("remote", "add", "origin", `${settings.urls.server}/${repository}`);
  const branch = own && run.ref.startsWith("refs/heads/") ? run.ref.slice("refs/heads/".length) : null;
  const wanted = own ? run.head_sha : inputs.ref || "HEAD";
  const spec = branch ? `+${wanted}:refs/remotes/origin/${branch}` : wanted;
  const limits = depth > 0 ? ["--depth", String(depth)] : [];
  await git("fetch", "--quiet", "--no-tags", ...limits, "origin", spec);
  if (depth === 0) await git("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*");
  if (branch) await git("checkout", "--quiet", "--force", "-B", branch, `refs/remotes/origin/${branch}`);
  else await git("checkout", "--quiet", "--force", "--detach", "FETCH_HEAD");
  log(await git("log", "-1", "--format=%H"));
  if ((inputs["persist-credentials"] || "true") === "true") await persist(job, dir, origin, header, git);
}

async function persist(
  job: JobContext,
  dir: string,
  origin: string,
  header: string,
  git: (...args: string[]) => Promise<string>,
): Promise<void> {
  const file = join(job.paths.temp, `git-credentials-${randomUUID()}.config`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `[http "${origin}/"]\n\textraheader = ${header}\n`, { mode: 0o600 });
  await git("config", "--local", `includeIf.gitdir:${join(dir, ".git")}.path`, file);
  job.posts.push({
    name: "Post checkout",
    condition: "always()",
    run: async () => {
      await rm(file, { force: true });
      return true;
    },
  });
}
