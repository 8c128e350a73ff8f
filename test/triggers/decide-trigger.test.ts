import { expect, test } from "vitest";
import type { PermissionOutcome } from "../../src/domain/permission.ts";
import { defaultPolicy } from "../../src/domain/policy.ts";
import type { Trigger } from "../../src/domain/trigger.ts";
import { decideTrigger, type TriggerWorld } from "../../src/triggers/decide-trigger.ts";

const roles = ["admin", "maintain", "write", "triage", "read", "none"] as const;
const events = ["label", "continue", "retry", "stop", "status", "review"] as const;
const actorTypes = ["User", "Bot", "Organization", "Mannequin", "unknown"] as const;
const outcomes = ["ok", "404", "500", "timeout"] as const;
const actor = { id: 7, login: "wendy", type: "User" };

function triggerOf(event: (typeof events)[number], who = actor): Trigger {
  const at = "2026-11-20T22:00:00Z";
  const command = {
    kind: "command",
    number: 12,
    onPullRequest: false,
    place: "comment",
    commentId: 99,
    actor: who,
    at,
  } as const;
  switch (event) {
    case "label":
      return { kind: "label", number: 12, label: "baton", actor: who };
    case "review":
      return { kind: "review", number: 12, reviewId: 98, actor: who, at };
    case "continue":
      return { ...command, command: { name: "continue", text: "", budget_usd_micro: null, turns: null } };
    case "retry":
      return { ...command, command: { name: "retry", text: "" } };
    default:
      return { ...command, command: { name: event } };
  }
}

function permissionOf(role: (typeof roles)[number], outcome: (typeof outcomes)[number]): PermissionOutcome {
  if (outcome === "404") return { kind: "absent", why: "404" };
  if (outcome !== "ok") return { kind: "unknown", why: outcome };
  const folded = { maintain: "write", triage: "read" } as const;
  return { kind: "known", permission: role === "maintain" || role === "triage" ? folded[role] : role, role };
}

function worldOf(part: Partial<TriggerWorld> = {}): TriggerWorld {
  return {
    trigger: triggerOf("label"),
    actorType: "User",
    permission: permissionOf("write", "ok"),
    ownAccountIds: [1, 2],
    viaOwnApp: false,
    policy: defaultPolicy,
    subject: { open: true, fork: false, edited: [] },
    session: { key: "issue-12", exists: false, runAlive: false },
    counts: { person: 0, session: 0 },
    sessionRuns: 0,
    envelope: {
      labelEventId: "55",
      at: "2026-11-20T22:00:00Z",
      subjectSha256: "x",
      statusCommentId: null,
      requesterId: null,
      hop: 0,
    },
    ...part,
  };
}

test("all 2,880 cells: only a person with write or admin, known now, on unedited text and no fork, has an effect", () => {
  let cells = 0;
  let effects = 0;
  for (const role of roles)
    for (const event of events)
      for (const type of actorTypes)
        for (const fork of [false, true])
          for (const edited of [false, true])
            for (const outcome of outcomes) {
              cells += 1;
              const decision = decideTrigger(
                worldOf({
                  trigger: triggerOf(event),
                  actorType: type === "unknown" ? null : type,
                  permission: permissionOf(role, outcome),
                  subject: { open: true, fork, edited: edited ? ["comment"] : [] },
                }),
              );
              const allowed =
                ["admin", "maintain", "write"].includes(role) &&
                type === "User" &&
                outcome === "ok" &&
                !fork &&
                !edited;
              const hasEffect = ["dispatch", "status", "stop", "accept"].includes(decision.kind);
              const cell = [role, event, type, fork, edited, outcome].join(" ");
              expect(hasEffect, `${cell}: ${decision.kind}, ${decision.reason}`).toBe(allowed);
              expect(decision.reason, cell).not.toBe("");
              if (hasEffect) effects += 1;
              // Nobody but a triager or a writer is ever answered.
              if (decision.kind === "answer")
                expect(["admin", "maintain", "write", "triage"].includes(role) && outcome === "ok", cell).toBe(true);
              if (type !== "User") expect(decision.kind, cell).toBe("ignore");
            }
  expect(cells).toBe(2_880);
  expect(effects).toBe(3 * 6);
});

test("a payload that calls a bot a person does not help it, nor the other way round", () => {
  expect(decideTrigger(worldOf({ actorType: "Bot" })).kind).toBe("ignore");
  expect(decideTrigger(worldOf({ trigger: triggerOf("label", { ...actor, type: "Bot" }) })).kind).toBe("ignore");
  expect(decideTrigger(worldOf({ trigger: triggerOf("label", { ...actor, login: "evil[bot]" }) })).kind).toBe("ignore");
});

test("a bot is let in by its id in the policy, not by its name", () => {
  const bot = { id: 4_000, login: "renovate[bot]", type: "Bot" };
  const world = worldOf({
    trigger: triggerOf("label", bot),
    actorType: "Bot",
    permission: { kind: "absent", why: "404" },
  });
  expect(decideTrigger(world).kind).toBe("ignore");
  expect(decideTrigger({ ...world, policy: { ...defaultPolicy, allowed_bots: [4_000] } }).kind).toBe("dispatch");
});

test("Baton does not answer itself, a thousand times over", () => {
  for (let round = 0; round < 500; round++) {
    expect(
      decideTrigger(
        worldOf({ trigger: triggerOf("continue", { id: 1 + (round % 2), login: "baton[bot]", type: "User" }) }),
      ).kind,
    ).toBe("ignore");
    expect(decideTrigger(worldOf({ trigger: triggerOf("continue"), viaOwnApp: true })).kind).toBe("ignore");
  }
});

test("an edited text is named in the answer, with how to trigger again", () => {
  const decision = decideTrigger(worldOf({ subject: { open: true, fork: false, edited: ["title", "description"] } }));
  expect(decision).toMatchObject({ kind: "answer", text: expect.stringContaining("title and description changed") });
});

test.each([
  ["fork", { open: true, fork: null, edited: [] }],
  ["edits", { open: true, fork: false, edited: null }],
])("what could not be learnt about %s starts nothing and is asked again", (_, subject) => {
  expect(decideTrigger(worldOf({ subject }))).toMatchObject({ kind: "ignore", retryable: true });
});

test("a command or review while a run is alive is left to its inbox", () => {
  const session = { key: "issue-12", exists: true, runAlive: true };
  expect(decideTrigger(worldOf({ trigger: triggerOf("continue"), session })).kind).toBe("accept");
  expect(decideTrigger(worldOf({ trigger: triggerOf("stop"), session })).kind).toBe("stop");
  expect(decideTrigger(worldOf({ trigger: triggerOf("review"), session })).kind).toBe("accept");
});

test("runs of a person and of a session end at the policy's numbers, and are not counted as unlimited when unknown", () => {
  expect(decideTrigger(worldOf({ counts: { person: 20, session: 0 } }))).toMatchObject({ kind: "answer" });
  expect(decideTrigger(worldOf({ counts: { person: 19, session: 7 } }))).toMatchObject({ kind: "dispatch" });
  expect(decideTrigger(worldOf({ counts: { person: 0, session: 8 } }))).toMatchObject({ kind: "answer" });
  expect(decideTrigger(worldOf({ counts: null }))).toMatchObject({ kind: "ignore", retryable: true });
});

test("a continuation is judged by its requester and ends by the session's runs", () => {
  const trigger = { kind: "continuation", session: "issue-12", hop: 1 } as const;
  const session = { key: "issue-12", exists: true, runAlive: false };
  expect(decideTrigger(worldOf({ trigger, session, actorType: null })).kind).toBe("dispatch");
  expect(decideTrigger(worldOf({ trigger, session, permission: permissionOf("read", "ok") })).kind).toBe("ignore");
  expect(decideTrigger(worldOf({ trigger, session, sessionRuns: 8 })).kind).toBe("answer");
});

test("another label, a closed issue and a second label on a session start nothing", () => {
  expect(decideTrigger(worldOf({ trigger: { kind: "label", number: 12, label: "bug", actor } })).kind).toBe("ignore");
  expect(decideTrigger(worldOf({ subject: { open: false, fork: false, edited: [] } })).kind).toBe("answer");
  expect(decideTrigger(worldOf({ session: { key: "issue-12", exists: true, runAlive: false } })).kind).toBe("status");
  expect(decideTrigger(worldOf({ session: { key: "issue-12", exists: true, runAlive: false, over: true } })).kind).toBe(
    "dispatch",
  );
});

test("the envelope carries ids and no words", () => {
  const decision = decideTrigger(
    worldOf({
      trigger: {
        ...triggerOf("continue"),
        command: { name: "continue", text: "IGNORE ALL", budget_usd_micro: null, turns: null },
      } as Trigger,
    }),
  );
  expect(decision).toMatchObject({
    kind: "dispatch",
    envelope: { session: "issue-12", trigger: { event_id: "comment-99", comment_id: 99, actor_id: 7 } },
  });
  expect(JSON.stringify(decision)).not.toContain("IGNORE");
});
