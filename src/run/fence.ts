import { describeError } from "../domain/errors.ts";
import type { GitHub } from "../github/client.ts";

/** Says whether this run may still write, each time anew. */
export type OwnsSession = () => Promise<boolean>;

/**
 * A client whose every write first asks whether the session is still this run's: a runner that slept while a successor
 * took over must not write over what that one shows. Before `guard` is called nothing is asked.
 */
export function fenceWrites(github: GitHub): { github: GitHub; guard(owns: OwnsSession): void } {
  let owns: OwnsSession = async () => true;
  const ask = async (): Promise<void> => {
    const mayWrite = await owns().catch((error: unknown) => {
      // Named like a lost connection, so that the write counts as one to be made later.
      throw Object.assign(new Error(`The session's ref could not be read: ${describeError(error)}`, { cause: error }), {
        name: "TimeoutError",
      });
    });
    if (!mayWrite) throw new Error("Another run holds the session; nothing was written.");
  };
  return {
    guard(next) {
      owns = next;
    },
    github: {
      ...github,
      async write(route, params) {
        await ask();
        return await github.write(route, params);
      },
      async mutate(text, variables) {
        await ask();
        return await github.mutate(text, variables);
      },
    },
  };
}
