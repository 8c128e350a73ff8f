import type { GitStore } from "../git/store.ts";
import type { Forge } from "./forge.ts";
import type { RunWorld } from "./world.ts";

/** The world of a dry run: people, policy and session are read, and nothing is written where people are. */
export function withoutWrites(world: RunWorld): RunWorld {
  const forge: Forge = {
    ...world.forge,
    publish: async () => ({ pullRequest: null, pullRequestUrl: null, problems: [] }),
    showProgress: async () => {},
    explain: async () => {},
    ringDoorbell: async () => {},
  };
  return { ...world, forge };
}

/** A store whose pushes go nowhere: of a dry run no ref stays. */
export function withoutPushes(store: GitStore): GitStore {
  return { ...store, push: async () => ({ kind: "pushed" }) };
}
