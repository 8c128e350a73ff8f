import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ConfigError, ProtocolError } from "../../src/domain/errors.ts";
import type { Event } from "../../src/domain/event.ts";
import { canonicalJson, sha256 } from "../../src/domain/hash.ts";
import { replay } from "../../src/domain/replay.ts";
import type { State } from "../../src/domain/state.ts";
import {
  maxStateBytes,
  migrateState,
  planStateFile,
  readStateFile,
  renderStateFile,
} from "../../src/session/state-file.ts";
import { claimed, started } from "./helpers.ts";

const golden = new URL("../fixtures/state-v1.json", import.meta.url);

function createState(): State {
  const head = {
    v: 1 as const,
    at: "2026-11-20T22:00:00.000Z",
    epoch: 1,
    role: "harness" as const,
    prev: "0".repeat(64),
  };
  const events = [
    {
      ...head,
      seq: 1,
      type: "session_started",
      data: { ...started("b".repeat(40)), request: { ...started("b").request, hidden_removed: 0 } },
    },
    { ...head, seq: 2, type: "run_claimed", data: claimed(1) },
    { ...head, seq: 3, type: "warned", data: { text: "something to know" } },
  ] as Event[];
  return replay(events)!;
}

test("a state file reads back as the state it was made of", () => {
  const state = createState();
  expect(readStateFile(renderStateFile(state))).toEqual(state);
});

test("the state file of version 1 is read for ever", () => {
  if (!existsSync(golden)) writeFileSync(golden, renderStateFile(createState()));
  const state = createState();
  // It was written before a run knew whether it was closed, and what it does not say stays unsaid.
  expect(readStateFile(readFileSync(golden, "utf8"))).toEqual({
    ...state,
    runs: state.runs.map(({ closed: _closed, ...run }) => run),
  });
});

// All eight bits of each byte with BATON_FULL=1; otherwise one, another from byte to byte.
const bitsOf = (at: number) => (process.env.BATON_FULL === "1" ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]);

test("a flipped bit in any byte of a state file is detected, or changes nothing", () => {
  const bytes = readFileSync(golden);
  const whole = canonicalJson(readStateFile(bytes.toString("utf8")));
  let [flipped, detected] = [0, 0];
  for (let at = 0; at < bytes.length; at += 1) {
    for (const bit of bitsOf(at)) {
      flipped += 1;
      const mutated = Buffer.from(bytes);
      mutated[at] = mutated[at]! ^ (1 << bit);
      try {
        expect(canonicalJson(readStateFile(mutated.toString("utf8")))).toBe(whole);
      } catch (error) {
        expect(
          error instanceof ProtocolError || error instanceof ConfigError,
          `bit ${bit} of byte ${at}: ${error}`,
        ).toBe(true);
        detected += 1;
      }
    }
  }
  expect(detected).toBeGreaterThan(flipped / 2);
});

test("a file that is cut off, in conflict, too large or newer says so", () => {
  const text = renderStateFile(createState());
  const newer = { ...JSON.parse(text), v: 2 };
  newer.sha256 = sha256(canonicalJson([2, newer.state]));
  const say = (bad: string) => {
    try {
      readStateFile(bad);
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
    return "read";
  };
  expect(say(text.slice(0, -30))).toMatch(/ProtocolError: .*cut off/);
  expect(say(`<<<<<<< ours\n${text}=======\n${text}>>>>>>> theirs\n`)).toMatch(/ProtocolError: .*merge conflict/);
  expect(say(`${text}${" ".repeat(maxStateBytes)}`)).toMatch(/ProtocolError: .*65536 bytes/);
  expect(say(JSON.stringify(newer))).toMatch(/ConfigError: .*newer Baton/);
  expect(say("[]")).toMatch(/ProtocolError: .*not a JSON object/);
  expect(say("")).toMatch(/ProtocolError/);
  expect(say(text.replaceAll("\n", "\r\n"))).toBe("read");
});

test("a state of any size gives a file of at most 64 KiB, and comes back whole with its blobs", () => {
  const sizes = [0, 9_000, 70_000, 500_000];
  for (const size of sizes) {
    const state: State = {
      ...createState(),
      feedback: "f".repeat(size),
      questions: Array.from({ length: size / 500 }, (_, n) => `${n} ${"q".repeat(200)}`),
    };
    const plan = planStateFile(state);
    expect(Buffer.byteLength(plan.text)).toBeLessThanOrEqual(maxStateBytes);
    expect(readStateFile(plan.text, (id) => plan.blobs.get(id) ?? null)).toEqual(state);
    if (plan.blobs.size > 0) expect(() => readStateFile(plan.text)).toThrow(/missing or damaged/);
  }
});

test("migrations go step by step, and a missing step is an error", () => {
  const steps = {
    1: (old: Record<string, unknown>) => ({ ...old, two: true }),
    2: (old: Record<string, unknown>) => ({ ...old, three: old.two }),
  };
  expect(migrateState({ one: 1 }, 1, 3, steps)).toEqual({ one: 1, two: true, three: true });
  expect(() => migrateState({}, 1, 4, steps)).toThrow("version 3");
});
