import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Ids of processes on this host whose command line holds a mark. */
export function processesWith(mark: string): string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(mark);
    } catch {
      return false;
    }
  });
}

/**
 * Starts a process that runs commands inside the walls, kills it with SIGKILL once they run, and gives the ids of what is
 * still there two seconds later. `without` names an option of bubblewrap to leave out.
 */
export async function outliveBaton(mark: string, without?: string): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), "baton-outlive-"));
  // else its files would go elsewhere, and stay
  chmodSync(dir, 0o755);
  const script = `
    import { openBox } from ${JSON.stringify(join(import.meta.dirname, "support.ts"))};
    const box = await openBox({ filterOptions: (options) => options.filter(({ flag }) => flag !== ${JSON.stringify(without ?? "")}) });
    await box.sandbox.exec("exec -a ${mark} sleep 30", { timeoutMs: 60000 });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: "ignore",
    env: { ...process.env, TMPDIR: dir },
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  for (let tries = 0; tries < 1_200 && inside(mark).length === 0; tries += 1) await sleep(50);
  const ran = inside(mark).length > 0;
  child.kill("SIGKILL");
  await ended;
  if (!ran) {
    rmSync(dir, { recursive: true, force: true });
    throw new Error("the command never ran");
  }
  for (let tries = 0; tries < 40 && inside(mark).length > 0; tries += 1) await sleep(50);
  const left = inside(mark);
  for (const pid of left) process.kill(Number(pid), "SIGKILL");
  rmSync(dir, { recursive: true, force: true });
  return left;
}

/** Only the marked program itself: the starting script holds the mark too. */
export const inside = (mark: string): string[] => processesWith(mark).filter((pid) => startsWith(pid, mark));

function startsWith(pid: string, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(mark);
  } catch {
    return false;
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
