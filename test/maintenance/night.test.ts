import { describe, expect, it } from "vitest";
import type { SessionKey } from "../../src/domain/session-key.ts";
import {
  addDays,
  decideDue,
  lastPlannedDay,
  nextPlannedDay,
  type PlaybookHistory,
} from "../../src/maintenance/decide-due.ts";
import { type NightSession, type NightWorld, planNight } from "../../src/maintenance/plan-night.ts";
import { type Playbook, PlaybookHead } from "../../src/maintenance/playbook.ts";
import { digestMarker, renderDigest } from "../../src/maintenance/render-digest.ts";

const today = "2026-11-20"; // a Friday
const playbook = (schedule: string, name = "tidy", limits = {}): Playbook => ({
  ...PlaybookHead.parse({ name, description: "Tidies up.", schedule, limits }),
  body: "Tidy up.",
  source: "built-in",
});
const ran = (...days: string[]): PlaybookHistory => ({
  sessions: days.map((day) => ({ day, key: `maintenance-tidy-${day.replaceAll("-", "")}` as SessionKey })),
  open: null,
});

describe("decideDue", () => {
  it.each([
    ["nightly, never ran", "nightly", ran(), "due"],
    ["nightly, ran last night", "nightly", ran("2026-11-19"), "due"],
    ["nightly, ran today: a doubled schedule", "nightly", ran(today), "not_due"],
    ["nightly, three nights skipped: once", "nightly", ran("2026-11-16"), "due"],
    ["weekly on this day", "weekly:friday", ran("2026-11-13"), "due"],
    ["weekly on this day, ran already", "weekly:friday", ran(today), "not_due"],
    ["weekly on another day, ran then", "weekly:monday", ran("2026-11-16"), "not_due"],
    ["weekly on another day, that night was skipped", "weekly:monday", ran("2026-11-09"), "due"],
    ["weekly on another day, made up late since", "weekly:monday", ran("2026-11-09", "2026-11-18"), "not_due"],
    ["weekly on another day, never ran", "weekly:monday", ran(), "not_due"],
    ["monthly on this day", "monthly:20", ran("2026-10-20"), "due"],
    ["monthly, skipped", "monthly:2", ran("2026-10-02"), "due"],
    ["monthly, ran", "monthly:2", ran("2026-11-02"), "not_due"],
    ["monthly, later this month", "monthly:28", ran("2026-10-28"), "not_due"],
  ])("%s: %4$s", (_what, schedule, history, kind) => {
    const due = decideDue(playbook(schedule), today, history);
    expect(due.kind).toBe(kind);
    expect(due.reason).toContain(schedule);
    if (due.kind === "due") expect(due.key).toBe("maintenance-tidy-20261120");
  });

  it("never starts a second session while a pull request is open", () => {
    const key = "maintenance-tidy-20261101" as SessionKey;
    const open = (resumable: boolean, baseMoved: boolean): string =>
      decideDue(playbook("nightly"), today, { sessions: [], open: { key, number: 7, resumable, baseMoved } }).kind;
    expect([open(true, true), open(true, false), open(false, true), open(false, false)]).toEqual([
      "continue",
      "continue",
      "refresh",
      "not_due",
    ]);
  });

  it("starts exactly once per planned day, whichever nights are dropped or doubled", () => {
    for (const schedule of ["nightly", "weekly:sunday", "weekly:wednesday", "monthly:1", "monthly:28"]) {
      for (let seed = 1; seed <= 40; seed += 1) {
        let random = seed * 7919;
        const next = (): number => {
          random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
          return random / 2_147_483_648;
        };
        const first = lastPlannedDay(schedule, "2026-03-10");
        const days = [first];
        for (let day = addDays(first, 1); day < "2026-09-01"; day = addDays(day, 1)) {
          const fires = next() < 0.3 ? 0 : next() < 0.2 ? 2 : 1;
          for (let i = 0; i < fires; i += 1)
            if (decideDue(playbook(schedule), day, ran(...days)).kind === "due") days.push(day);
        }
        expect(new Set(days).size).toBe(days.length);
        // Between two runs there is always a planned day: the later one was asked for.
        for (const [index, day] of days.entries())
          if (index > 0) expect(lastPlannedDay(schedule, day) > days[index - 1]!).toBe(true);
      }
    }
  });

  it("knows the neighbouring days of the calendar", () => {
    expect([addDays("2028-02-28", 1), addDays("2026-12-31", 1), addDays("2026-03-01", -1)]).toEqual([
      "2028-02-29",
      "2027-01-01",
      "2026-02-28",
    ]);
    expect([lastPlannedDay("weekly:friday", today), nextPlannedDay("weekly:friday", today)]).toEqual([
      today,
      "2026-11-27",
    ]);
  });
});

const session = (over: Partial<NightSession>): NightSession => ({
  ...{
    key: "issue-12" as SessionKey,
    lastStop: "max_budget",
    running: false,
    runs: 1,
    spent_usd_micro: 1_000_000,
    runsWithoutProgress: 0,
  },
  ...{ closedOn: null, merged: false, reported: true },
  ...over,
});
const world = (over: Partial<NightWorld> & { cap?: Partial<NightWorld["limits"]> }): NightWorld => ({
  ...{
    today,
    playbooks: [],
    histories: new Map(),
    sessions: [],
    openMaintenancePullRequests: 0,
    day_used_usd_micro: 0,
  },
  ...over,
  limits: {
    day_usd_micro: 50_000_000,
    run_usd_micro: 5_000_000,
    session_usd_micro: 25_000_000,
    session_runs: 8,
    max_open_pull_requests: 3,
    retain_days: 30,
    auto_continue: true,
    ...over.cap,
  },
});
const short = (w: NightWorld): string[] => planNight(w).operations.map((op) => `${op.kind} ${op.key}`);
const why = (w: NightWorld): string =>
  planNight(w)
    .left.map((l) => `${l.what}: ${l.reason}`)
    .join("\n");

describe("planNight", () => {
  it("has nothing to do in an empty repository", () => {
    expect(planNight(world({}))).toEqual({ operations: [], left: [] });
  });

  it("continues an unfinished session with budget left, within what the session has left", () => {
    expect(planNight(world({ sessions: [session({ spent_usd_micro: 23_000_000 })] })).operations).toEqual([
      {
        kind: "dispatch",
        key: "issue-12",
        trigger: "continuation",
        playbook: null,
        usd_micro: 2_000_000,
        reason: "ended as max_budget, with budget left",
      },
    ]);
  });

  it.each<[string, Partial<NightSession>, Partial<NightWorld["limits"]>, string]>([
    ["is running", { running: true }, {}, "a run is under way"],
    ["was stopped by a person", { lastStop: "cancelled" }, {}, "ended as cancelled"],
    ["asks a person", { lastStop: "blocked" }, {}, "ended as blocked"],
    ["failed for good", { lastStop: "rejected" }, {}, "a person must act"],
    ["is done", { lastStop: "done" }, {}, "ended as done"],
    ["has had its runs", { runs: 8 }, {}, "8 runs"],
    ["has spent its money", { spent_usd_micro: 25_000_000 }, {}, "$25.00"],
    ["makes no progress", { runsWithoutProgress: 2 }, {}, "without progress"],
    ["may not continue itself", {}, { auto_continue: false }, "auto_continue is off"],
    ["was merged lately", { closedOn: "2026-11-01", merged: true }, {}, "kept until 2026-12-01"],
    ["was merged while a run goes on", { closedOn: "2026-01-01", merged: true, running: true }, {}, "still under way"],
  ])("leaves a session that %s, and says so", (_what, over, cap, reason) => {
    const w = world({ sessions: [session(over)], cap });
    expect(short(w)).toEqual([]);
    expect(why(w)).toContain(reason);
  });

  it("reports a dead session once and goes on with it", () => {
    expect(short(world({ sessions: [session({ lastStop: null, reported: false })] }))).toEqual([
      "report_dead issue-12",
      "dispatch issue-12",
    ]);
    expect(short(world({ sessions: [session({ lastStop: null, reported: true })] }))).toEqual(["dispatch issue-12"]);
    expect(short(world({ sessions: [session({ lastStop: null, reported: false, runs: 8 })] }))).toEqual([
      "report_dead issue-12",
    ]);
  });

  it("prunes after retain_days, never before the merge", () => {
    expect(short(world({ sessions: [session({ closedOn: "2026-10-21", merged: true })] }))).toEqual(["prune issue-12"]);
    expect(short(world({ sessions: [session({ closedOn: "2026-10-22", merged: true })] }))).toEqual([]);
    expect(short(world({ sessions: [session({ closedOn: null, lastStop: "done" })] }))).toEqual([]);
  });

  it("starts due playbooks with their own cap, up to the open pull requests that are allowed", () => {
    const playbooks = ["a", "b", "c"].map((name) => playbook("nightly", name, { usd: 1 }));
    const w = world({ playbooks, openMaintenancePullRequests: 1 });
    expect(short(w)).toEqual(["dispatch maintenance-a-20261120", "dispatch maintenance-b-20261120"]);
    expect(planNight(w).operations.every((op) => op.kind === "dispatch" && op.usd_micro === 1_000_000)).toBe(true);
    expect(why(w)).toContain("c: 3 maintenance pull requests are open, 3 are allowed");
  });

  it("never plans more than the day has left, sessions before playbooks", () => {
    const sessions = [session({}), session({ key: "issue-13" as SessionKey })];
    const w = world({
      sessions,
      playbooks: [playbook("nightly"), playbook("nightly", "cheap", { usd: 1 })],
      day_used_usd_micro: 38_500_000,
    });
    expect(short(w)).toEqual(["dispatch issue-12", "dispatch issue-13", "dispatch maintenance-cheap-20261120"]);
    expect(why(w)).toContain("tidy: nightly: due today, but limits.day leaves $1.50 and the run may need $5.00");
    for (let used = 0; used <= 60_000_000; used += 1_700_000) {
      const plan = planNight(world({ sessions, playbooks: [playbook("nightly")], day_used_usd_micro: used }));
      const planned = plan.operations.reduce((sum, op) => sum + (op.kind === "dispatch" ? op.usd_micro : 0), 0);
      expect(planned).toBeLessThanOrEqual(Math.max(0, 50_000_000 - used));
    }
  });

  it("continues a playbook's open session once, not twice", () => {
    const key = "maintenance-tidy-20261113" as SessionKey;
    const histories = new Map([["tidy", { sessions: [], open: { key, number: 7, baseMoved: true, resumable: true } }]]);
    expect(
      short(
        world({
          playbooks: [playbook("nightly")],
          histories,
          sessions: [session({ key })],
          openMaintenancePullRequests: 1,
        }),
      ),
    ).toEqual([`dispatch ${key}`]);
  });

  it("refreshes a finished pull request onto a base that moved, even at the limit of open ones", () => {
    const key = "maintenance-tidy-20261113" as SessionKey;
    const histories = new Map([
      ["tidy", { sessions: [], open: { key, number: 7, baseMoved: true, resumable: false } }],
    ]);
    expect(
      short(
        world({
          playbooks: [playbook("nightly")],
          histories,
          sessions: [session({ key, lastStop: "done" })],
          openMaintenancePullRequests: 3,
        }),
      ),
    ).toEqual([`dispatch ${key}`]);
  });

  it("leaves no session and no playbook without a word", () => {
    const sessions = [
      session({}),
      session({ key: "issue-13" as SessionKey, running: true }),
      session({ key: "issue-14" as SessionKey, lastStop: "done" }),
    ];
    const plan = planNight(world({ sessions, playbooks: [playbook("nightly"), playbook("monthly:1", "other")] }));
    expect(plan.operations.length + plan.left.length).toBe(5);
  });
});

describe("renderDigest", () => {
  const row = {
    key: "issue-12",
    title: "a | b\nc",
    number: 12,
    stop: "done",
    outcome: "pass",
    runs: 2,
    spent_usd_micro: 1_500_000,
    criteria: 4,
    verified: 4,
    refusals: [{ rule: "ratchet/test-lost", text: "a test\nis gone" }],
  } as const;

  it("counts sessions, spend, cost per verified criterion and refusals", () => {
    const text = renderDigest({
      from: "2026-11-14",
      to: today,
      sessions: [
        row,
        {
          ...row,
          key: "issue-13",
          number: null,
          outcome: "fail",
          stop: "rejected",
          verified: 1,
          spent_usd_micro: 500_000,
        },
      ],
    });
    expect(text.startsWith(digestMarker)).toBe(true);
    expect(text).toContain("2 sessions, 1 verified; $2.00 spent, $0.4000 per verified criterion.");
    expect(text).toContain("| #12 a \\| b c | pass | 4 of 4 | 2 | $1.50 | done |");
    expect(text).toContain("- ratchet/test-lost, 2 times; last in issue-13: a test is gone");
  });

  it("says so when nothing happened or nothing was verified", () => {
    expect(renderDigest({ from: "2026-11-14", to: today, sessions: [] })).toContain("No session ran in this week.");
    expect(renderDigest({ from: "2026-11-14", to: today, sessions: [{ ...row, verified: 0, refusals: [] }] })).toMatch(
      /no criterion was verified[\s\S]*refused nothing/,
    );
  });
});
