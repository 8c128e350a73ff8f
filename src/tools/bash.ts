import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Tool } from "../domain/tool.ts";
import type { ExecResult } from "../sandbox/exec.ts";
import { places } from "../sandbox/places.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { renderOutput } from "./offload.ts";

/** Outputs kept for one run, bytes; beyond it only what is inline remains. */
const keptPerRun = 200 * 1024 ** 2;

const Input = z.strictObject({
  command: z.string().min(1),
  timeout_s: z.int().min(1).max(900).default(120),
  cwd: z.string().optional().describe("Another directory to start in"),
});
type Input = z.infer<typeof Input>;

/** The one tool that runs commands: one shell each, nothing of it lives on. */
export function createBashTool(sandbox: Sandbox, start: string = places.workspace): Tool<Input> {
  let kept = 0;
  return {
    name: "bash",
    description: `Run a bash command in ${start}. Each call is a new shell: directory and variables do not carry over, and background processes end with the call. No stdin, no network. Long output is cut; the rest is in a file that read and grep can open.`,
    schema: Input,
    repeatable: false,
    async run(input, { signal, callName, remainingMs }) {
      const name = `${callName}.log`;
      const file = join(sandbox.outputsDir, name);
      const keeps = kept < keptPerRun;
      // a call that is repeated after a crash has the same name
      rmSync(file, { force: true });
      const result = await sandbox.exec(input.command, {
        timeoutMs: Math.min(input.timeout_s * 1_000, Math.max(1, remainingMs)),
        signal,
        cwd: input.cwd === undefined ? start : absoluteCwd(input.cwd),
        ...(keeps ? { outputFile: file } : {}),
      });
      const inline = renderOutput(result, keeps ? `/outputs/${name}` : "not kept, the run's outputs are over 200 MiB");
      const isKept = keeps && (inline.cut || result.binary);
      if (isKept) kept += result.outputBytes;
      else rmSync(file, { force: true });
      return {
        content: `${describeEnd(result)}\n${inline.text.replace(/\n+$/, "")}`.trimEnd(),
        isError: result.killedBecause !== undefined,
        exit: result.exit,
        timedOut: result.timedOut,
        ...(isKept ? { output: { name, path: `/outputs/${name}`, bytes: result.outputBytes } } : {}),
      };
    },
  };
}

const absoluteCwd = (cwd: string): string => (cwd.startsWith("/") ? cwd : `/workspace/${cwd}`);

const killed: Record<NonNullable<ExecResult["killedBecause"]>, string> = {
  timeout: "timed_out: true; everything it started was killed",
  aborted: "aborted: the run is ending",
  output: "killed: output went over 20 MiB",
  disk: "killed: it filled the disk",
  memory: "killed by the kernel: out of memory",
};

/** Exit code, duration and what was done to it: first, and never cut. */
function describeEnd(result: ExecResult): string {
  const seconds = (result.durationMs / 1_000).toFixed(1);
  const exit = result.exit === null ? "exit: none" : `exit: ${result.exit}`;
  const why = result.killedBecause ? `, ${killed[result.killedBecause]}` : "";
  return `${exit}, ${seconds} s${why}`;
}
