import { expect, it } from "vitest";
import type { GitHub } from "../../src/github/client.ts";
import { isUnknownOutcome } from "../../src/github/outcome.ts";
import { fenceWrites } from "../../src/run/fence.ts";

function openFence() {
  const sent: string[] = [];
  const write = async (route: string) => {
    sent.push(route);
    return { status: 200, data: {}, headers: {} };
  };
  const github = { write, mutate: write, get: write } as unknown as GitHub;
  return { sent, ...fenceWrites(github) };
}

it("a run asks before each write whether the session is still its own, and reads without asking", async () => {
  const { sent, github, guard } = openFence();
  await github.write("before the claim");
  let asked = 0;
  guard(async () => {
    asked += 1;
    return asked < 3;
  });
  await github.write("first");
  await github.mutate("second", {});
  await expect(github.write("third")).rejects.toThrow("Another run holds the session");
  await expect(github.mutate("fourth", {})).rejects.toThrow("Another run holds the session");
  await github.get("read");
  expect(asked).toBe(4);
  expect(sent).toEqual(["before the claim", "first", "second", "read"]);
});

it("a write is put off, not lost, while the session's ref cannot be read", async () => {
  const { sent, github, guard } = openFence();
  guard(async () => {
    throw new Error("git ls-remote ended with 128");
  });
  const error = await github.write("one").catch((caught: unknown) => caught);
  expect(isUnknownOutcome(error)).toBe(true);
  expect(sent).toEqual([]);
});
