import { expect, test } from "vitest";
import type { AppHands } from "../../src/app/app-hands.ts";
import { createReceive } from "../../src/app/receive.ts";

test.each([null, 7, "text", [], {}])(
  "a signed body that is no delivery (%j) is taken and comes to nothing",
  async (payload) => {
    const ends: Promise<void>[] = [];
    const push = (key: string, work: () => Promise<void>): boolean => {
      expect(key).toBe("0#0");
      ends.push(work());
      return true;
    };
    const receive = createReceive({ log: () => {} } as unknown as AppHands, { push } as never);
    receive({ id: "1", event: "issues", payload } as never);
    await expect(Promise.all(ends)).resolves.toHaveLength(1);
  },
);
