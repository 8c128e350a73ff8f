import { ConfigError, describeError, SandboxError } from "../domain/errors.ts";
import type { FileDoor } from "./file-door.ts";
import type { Sandbox } from "./sandbox.ts";

/**
 * A sandbox that is raised at its first use, or by `warm`: what is asked of it waits until it stands. Where the raising
 * fails, each call throws a SandboxError (a ConfigError as it is), which ends the run; `close` does not: nothing stands then.
 */
export function deferSandbox(raise: () => Promise<Sandbox>, outputsDir: string): Sandbox {
  let raising: Promise<Sandbox> | null = null;
  const raised = (): Promise<Sandbox> => {
    raising ??= raise().catch(endTheRun);
    return raising;
  };
  const door = async (): Promise<FileDoor> => (await raised()).files;
  const sandbox: Sandbox = {
    outputsDir,
    exec: async (command, options) => await (await raised()).exec(command, options),
    warm: () =>
      void raised()
        .then((standing) => standing.warm())
        .catch(() => {}),
    files: {
      read: async (request) => await (await door()).read(request),
      write: async (request, guard) => await (await door()).write(request, guard),
      edit: async (request, guard) => await (await door()).edit(request, guard),
      glob: async (request) => await (await door()).glob(request),
      grep: async (request) => await (await door()).grep(request),
    },
    adopt: async () => await (await raised()).adopt(),
    async close() {
      const standing = await raising?.catch(() => null);
      await standing?.close();
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
  return sandbox;
}

/** Only these two end a run out of a tool's call; the model could not mend it. */
function endTheRun(error: unknown): never {
  if (error instanceof SandboxError || error instanceof ConfigError) throw error;
  throw new SandboxError(`The workspace could not be made: ${describeError(error)}`, {
    hint: "Nothing was run in it; start the session again.",
    cause: error,
  });
}
