import { describe, expect, it } from "vitest";
import { defaultPolicy } from "../../src/domain/policy.ts";
import type { SessionKey } from "../../src/domain/session-key.ts";
import { applyPlaybook, playbookOfKey } from "../../src/maintenance/apply-playbook.ts";
import { digestWeekOf } from "../../src/maintenance/digest-week.ts";
import { listDue } from "../../src/maintenance/list-due.ts";
import { type Playbook, PlaybookHead } from "../../src/maintenance/playbook.ts";
import { readHistories } from "../../src/maintenance/read-histories.ts";
import { readPlaybooks } from "../../src/maintenance/read-playbooks.ts";
import { createProtection, outsideScope } from "../../src/policy/protected-paths.ts";

const playbook = (head: object): Playbook => ({
  ...PlaybookHead.parse({ name: "tidy", description: "Tidies up.", schedule: "nightly", ...head }),
  body: "Tidy up.",
  source: "x",
});

describe("a playbook applied to a policy", () => {
  it("adds its oracles to the policy's and asks for its own caps", () => {
    const policy = { ...defaultPolicy, oracles: ["npm test"] };
    const applied = applyPlaybook(
      playbook({ oracles: ["npm test", "npm run lint"], limits: { usd: 2, minutes: 5 } }),
      policy,
    );
    expect(applied.policy.oracles).toEqual(["npm test", "npm run lint"]);
    expect(applied.policy.limits).toEqual(policy.limits);
    expect(applied.asked).toEqual({ from: "The playbook tidy", turns: null, usdMicro: 2_000_000, ms: 300_000 });
    expect(applied.request.title).toBe("Tidies up");
  });

  it("tells the model which paths may change", () => {
    expect(applyPlaybook(playbook({}), defaultPolicy).request.body).toBe("Tidy up.");
    expect(applyPlaybook(playbook({ paths: ["docs/**"] }), defaultPolicy).request.body).toContain("- `docs/**`");
  });

  it("protects everything outside its paths, and opens nothing that the policy protects", () => {
    const rule = createProtection({ protect: ["docs/law.md"], unprotect: [] }, ["docs/**", ".github/**", ".baton/**"]);
    expect(rule("docs/a.md")).toBeNull();
    expect(rule("src/a.ts")).toBe(outsideScope);
    expect(rule("docs/law.md")).toBe("docs/law.md");
    expect(rule(".github/workflows/ci.yml")).toBe(".github/**");
    expect(rule(".baton/x/state.json")).toBe(".baton/**");
    const exempt = createProtection({ protect: [], unprotect: [".github/**"] }, ["docs/**"]);
    expect(exempt(".github/dependabot.yml")).toBe(outsideScope);
  });
});

describe("the sessions of a playbook", () => {
  it("are told apart by name although names share beginnings", () => {
    expect(playbookOfKey("maintenance-a-b-20261120")).toEqual({ name: "a-b", day: "2026-11-20" });
    expect(playbookOfKey("issue-12")).toBeNull();
    const sight = (key: string, openPullRequest: number | null) => ({
      ...{ key: key as SessionKey, openPullRequest, baseMoved: false, resumable: false },
    });
    const histories = readHistories(
      ["a", "a-b"],
      [sight("maintenance-a-b-20261120", 7), sight("maintenance-a-20261119", null), sight("issue-3", 9)],
    );
    expect(histories.get("a")).toEqual({
      sessions: [{ key: "maintenance-a-20261119", day: "2026-11-19" }],
      open: null,
    });
    expect(histories.get("a-b")?.open?.number).toBe(7);
  });

  it("make a list of what is due and why, broken playbooks with file and line", () => {
    const found = readPlaybooks(
      ["readme-examples", "odd"],
      new Map([[".github/baton/maintenance/odd.md", "---\nname: odd\n---\nDo what is odd.\n"]]),
    );
    const rows = listDue(found, "2026-12-01", new Map());
    expect(rows.map(({ name, what }) => [name, what])).toEqual([
      ["readme-examples", "due"],
      ["odd", "broken"],
    ]);
    expect(rows[1]?.reason).toContain("odd.md:2: `description` is missing");
  });
});

describe("the digest's week", () => {
  it("is the last whole one, Monday to Sunday", () => {
    const week = { from: "2026-11-16", to: "2026-11-22" };
    expect([digestWeekOf("2026-11-23"), digestWeekOf("2026-11-29")]).toEqual([week, week]);
    expect(digestWeekOf("2026-11-22").to).toBe("2026-11-15");
  });
});
