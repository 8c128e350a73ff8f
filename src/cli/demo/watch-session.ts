import { setTimeout as sleep } from "node:timers/promises";
import type { State } from "../../domain/state.ts";
import { type BareRepository, loadRemoteState } from "./bare-repository.ts";

const everyMs = 250;

/** Tells each new state of a session as soon as it is on the remote, until the signal; never fails. */
export async function watchSession(
  bare: BareRepository,
  ref: string,
  tell: (state: State) => void,
  signal: AbortSignal,
): Promise<void> {
  let seen: string | null = null;
  while (!signal.aborted) {
    const head = await bare.resolve(ref);
    if (head !== null && head !== seen) {
      seen = head;
      const state = await loadRemoteState(bare, head);
      if (state && !signal.aborted) tell(state);
    }
    await sleep(everyMs, undefined, { signal }).catch(() => {});
  }
}
