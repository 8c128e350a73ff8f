import { describe, expect, it } from "vitest";
import { policies } from "../../bench/workers/all.ts";
import { judgePlayed } from "../../bench/workers/judge-played.ts";
import { play } from "../../bench/workers/play.ts";

/** A selection of the bench's workers; `npm run bench -- workers` plays them all. */
const chosen = new Set(["49", "50", "1", "3", "30", "10", "11", "16", "36", "43", "29", "x20"]);

describe("scripted workers against the real run", () => {
  it.each(policies.filter(({ id }) => chosen.has(id)).map((policy) => [policy.id, policy.does, policy] as const))(
    "%s, a worker that %s, comes to the right end",
    async (_id, _does, policy) => {
      expect(judgePlayed(policy, await play(policy)).wrong).toEqual([]);
    },
  );
});
