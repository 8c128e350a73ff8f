import { describe, expect, test } from "vitest";
import { createConcurrencyGroups } from "../../src/local/runner/concurrency.ts";

function setUp() {
  const groups = createConcurrencyGroups();
  const enter = (group: string, more: { cancelInProgress?: boolean; queueMax?: boolean; cancel?: () => void } = {}) => {
    const seen = { how: "waiting" as string, place: null as unknown };
    const place = groups.enter(group, { cancelInProgress: false, queueMax: false, cancel: () => {}, ...more });
    void place.turn.then((how) => {
      seen.how = how;
    });
    const how = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return seen.how;
    };
    return { place, how };
  };
  return enter;
}

describe("a concurrency group", () => {
  test("has one that runs and one that waits; a newer one replaces the waiting one", async () => {
    const enter = setUp();
    const [a, b, c] = [enter("G"), enter("g"), enter("g")];
    expect([await a.how(), await b.how(), await c.how()]).toEqual(["granted", "replaced", "waiting"]);
    a.place.leave();
    expect(await c.how()).toBe("granted");
  });

  test("with queue: max keeps a hundred waiting, in order", async () => {
    const enter = setUp();
    const all = Array.from({ length: 102 }, () => enter("g", { queueMax: true }));
    expect(await all[1]?.how()).toBe("replaced");
    expect(await all[2]?.how()).toBe("waiting");
    all[0]?.place.leave();
    expect([await all[2]?.how(), await all[3]?.how()]).toEqual(["granted", "waiting"]);
  });

  test("with cancel-in-progress asks the running one to end and waits for it", async () => {
    const enter = setUp();
    let asked = 0;
    const a = enter("g", { cancel: () => asked++ });
    const b = enter("g", { cancelInProgress: true });
    expect([asked, await b.how()]).toEqual([1, "waiting"]);
    a.place.leave();
    expect(await b.how()).toBe("granted");
  });

  test("does not know of other groups", async () => {
    const enter = setUp();
    expect([await enter("a").how(), await enter("b").how()]).toEqual(["granted", "granted"]);
  });
});
