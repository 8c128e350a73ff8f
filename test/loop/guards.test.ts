import { describe, expect, it } from "vitest";
import { decideGuards, normaliseOutput, type TurnSignature } from "../../src/loop/guards.ts";
import { random } from "./bench-hands.ts";

/** Turns by short words: `call=outcome@world`, `!` after the outcome for a failure; an empty call is a turn of text. */
function turns(...words: string[]): TurnSignature[] {
  return words.map((word) => {
    const [, sig = "", outcome = "", fails = "", world = ""] = /^([^=]*)=([^@!]*)(!?)@(.*)$/.exec(word) ?? [];
    return { sig, outcome, failure: fails ? outcome : null, world: world || null, words: sig };
  });
}
const repeat = (count: number, ...words: string[]): string[] => Array.from({ length: count }, () => words).flat();
const count = (length: number, words: (at: number) => string | string[]): string[] =>
  Array.from({ length }, (_none, at) => words(at)).flat();

const rows: { rule: string; kind: "nudge" | "reset" | "stop"; when: string; turns: string[] }[] = [
  { rule: "R1", kind: "nudge", when: "the same call came thrice with the same result", turns: repeat(3, "a=x@w") },
  { rule: "R1", kind: "stop", when: "the same call came five times", turns: repeat(5, "a=x@w") },
  { rule: "R2", kind: "nudge", when: "two calls alternated three times", turns: repeat(3, "a=x@w", "b=y@w") },
  { rule: "R2", kind: "stop", when: "two calls alternated four times", turns: repeat(4, "a=x@w", "b=y@w") },
  {
    rule: "R2",
    kind: "nudge",
    when: "five calls came round thrice",
    turns: repeat(3, ..."abcde".split("").map((c) => `${c}=${c}@w`)),
  },
  {
    rule: "R3",
    kind: "nudge",
    when: "four different calls failed alike",
    turns: count(4, (at) => `call${at}=boom!@w`),
  },
  { rule: "R3", kind: "stop", when: "six different calls failed alike", turns: count(6, (at) => `call${at}=boom!@w`) },
  {
    rule: "R4",
    kind: "nudge",
    when: "twelve turns showed nothing that was not seen before",
    turns: ["a=x@w", "b=y@w", "c=z@w", ...count(12, (at) => `new${at}=${"xyz"[(at * at) % 3]}@w`)],
  },
  {
    rule: "R4",
    kind: "reset",
    when: "eighteen turns showed nothing that was not seen before",
    turns: ["a=x@w", "b=y@w", "c=z@w", ...count(18, (at) => `new${at}=${"xyz"[(at * at) % 3]}@w`)],
  },
  {
    rule: "R5",
    kind: "nudge",
    when: "the workspace came back to an earlier state thrice",
    turns: ["a=1@A", "b=2@B", "c=3@A", "d=4@B", "e=5@A"],
  },
  {
    rule: "R5",
    kind: "reset",
    when: "the workspace came back four times",
    turns: ["a=1@A", "b=2@B", "c=3@A", "d=4@B", "e=5@A", "f=6@B"],
  },
  {
    rule: "R7",
    kind: "reset",
    when: "a worker only looked for 26 turns",
    turns: count(26, (at) => `read${at}=text${at}@w`),
  },
];

const quiet: { what: string; turns: string[]; role?: string }[] = [
  { what: "the same call twice", turns: repeat(2, "a=x@w") },
  { what: "twenty different edits with one tool", turns: count(20, (at) => `edit${at}=ok@w${at}`) },
  { what: "polling whose output moves on", turns: count(20, (at) => `poll=${at}%@w`) },
  {
    what: "the same tests again after each fix",
    turns: count(10, (at) => [`edit${at}=ok@w${at}`, `test=red!@w${at + 1}`]),
  },
  { what: "the same failure after each of six edits", turns: count(6, (at) => `test=red!@w${at}`) },
  {
    what: "two calls that alternate while the workspace changes",
    turns: count(12, (at) => `${at % 2 ? "a" : "b"}=x@w${at}`),
  },
  { what: "two different failures in turn", turns: ["a=x!@w", "b=y!@w", "c=x!@w", "d=y!@w", "e=z!@w"] },
  { what: "one edit undone once", turns: ["a=1@A", "b=2@B", "c=3@A", "d=4@C", "e=5@D"] },
  { what: "a judge who only looks", turns: count(30, (at) => `read${at}=text${at}@w`), role: "evaluator" },
  { what: "a long look of 25 turns", turns: count(25, (at) => `read${at}=text${at}@w`) },
  { what: "turns without calls, which have a rule of their own", turns: repeat(5, "=@w") },
];

describe("the guards against loops", () => {
  for (const row of rows) {
    it(`${row.rule}: ${row.kind} when ${row.when}`, () => {
      expect(decideGuards(turns(...row.turns), "worker")).toMatchObject({ kind: row.kind, rule: row.rule });
    });
    it(`${row.rule}: no ${row.kind} one turn before ${row.when}`, () => {
      const before = decideGuards(turns(...row.turns.slice(0, -1)), "worker");
      expect(before.kind === row.kind && before.rule === row.rule).toBe(false);
    });
  }

  for (const { what, turns: words, role } of quiet) {
    it(`never trips on ${what}`, () => {
      const tripped = words.flatMap((_word, at) => {
        const decision = decideGuards(turns(...words.slice(0, at + 1)), role ?? "worker");
        return decision.kind === "none" ? [] : [`${decision.rule} at turn ${at + 1}`];
      });
      expect(tripped).toEqual([]);
    });
  }
});

describe("what counts as the same output", () => {
  const same: [string, string, string][] = [
    ["times", "at 2026-11-21T03:04:05.123Z", "at 2026-11-22T13:14:15Z"],
    ["durations", "ran in 12.5 ms", "ran in 300 s"],
    ["durations as `time` prints them", "real\t0m0.123s", "real\t1m12.5s"],
    ["temporary paths", "in /tmp/a1/x.js", "in /tmp/b2/x.js"],
    ["long hex", "commit 0123abcd9", "commit fedc98761234"],
    ["ports", "at http://127.0.0.1:3000/", "at http://127.0.0.1:41234/"],
    ["process ids", "pid 12", "pid 4711"],
    ["colours", "\u001b[31mred\u001b[0m", "red"],
    ["names of kept outputs", "see /outputs/0042-1.log", "see /outputs/0043-1.log"],
  ];
  it.each(same)("%s make no difference", (_what, one, other) => {
    expect(normaliseOutput(one)).toBe(normaliseOutput(other));
  });
  it.each([
    ["a count of failures", "3 failed", "2 failed"],
    ["a percentage", "40 %", "60 %"],
    ["a word", "cannot read", "cannot write"],
  ])("%s makes a difference", (_what, one, other) => {
    expect(normaliseOutput(one)).not.toBe(normaliseOutput(other));
  });
});

/** Plays words turn by turn and says when the guards first spoke, and when they first did more than nudge. */
function whenTripped(words: readonly string[]): { spoke: number; ended: number } {
  const all = turns(...words);
  let spoke = Number.POSITIVE_INFINITY;
  for (let length = 1; length <= all.length; length++) {
    const { kind } = decideGuards(all.slice(0, length), "worker");
    if (kind !== "none") spoke = Math.min(spoke, length);
    if (kind === "stop" || kind === "reset") return { spoke, ended: length };
  }
  return { spoke, ended: Number.POSITIVE_INFINITY };
}

describe("patterns that no rule names", () => {
  const next = random(21);
  const int = (most: number): number => Math.floor(next() * most);

  it("any cycle of up to eight turns is ended within forty turns, wherever it begins and whatever it fails at", () => {
    for (let round = 0; round < 300; round++) {
      const length = 1 + int(8);
      const before = count(int(6), (at) => `start${at}=s${at}@w${at}`);
      const cycle = count(length, (at) => `c${int(4)}.${at}=o${int(5)}${next() < 0.3 ? "!" : ""}@w`);
      const played = whenTripped([...before, ...repeat(40, ...cycle)].slice(0, before.length + 40));
      expect(played.ended, cycle.join(" ")).toBeLessThanOrEqual(before.length + 40);
      expect(played.spoke).toBeLessThan(played.ended);
    }
  });

  it("a cycle that edits and undoes is ended too, with two states or five, with noise between", () => {
    for (let round = 0; round < 200; round++) {
      const states = 2 + int(4);
      const words = count(60, (at) => [
        `edit${at}=ok@${"ABCDE"[at % states]}`,
        ...(next() < 0.3 ? [`look${at}=n${at}@${"ABCDE"[at % states]}`] : []),
      ]);
      expect(whenTripped(words).ended).toBeLessThanOrEqual(40);
    }
  });

  it("looking for ever at ever new things is ended after 26 turns", () => {
    expect(whenTripped(count(40, (at) => `tail log=${at} lines@w`)).ended).toBe(26);
  });

  it("work that goes on never trips, however the turns between the edits look", () => {
    for (let round = 0; round < 60; round++) {
      let world = 0;
      const words = count(25, () => {
        world += 1;
        // Between two edits: up to two runs of the same failing tests, looks, a poll that moves on.
        const tests = repeat(int(3), `test=red!@w${world}`);
        const looks = count(int(4), (at) => `read${int(50)}=text${world}.${at}@w${world}`);
        return [`edit${int(3)}=ok@w${world}`, ...tests, ...looks];
      });
      expect(whenTripped(words), words.slice(0, 20).join(" ")).toEqual({
        spoke: Number.POSITIVE_INFINITY,
        ended: Number.POSITIVE_INFINITY,
      });
    }
  });
});
