import { describe, expect, test } from "vitest";
import { type HostFacts, planPreparation, runPreparation } from "../../src/sandbox/prepare-host.ts";

/** GitHub's ubuntu-24.04 image as a job finds it. */
const hosted: HostFacts = {
  ...{ isDisposable: true, isRoot: false, hasSudo: true, hasApt: true },
  ...{ hasBubblewrap: false, isRestricted: true, needsCgroup: true },
};
const own = { uid: 1001, pid: 4321 };
const plan = (facts: Partial<HostFacts>): string[] =>
  planPreparation({ ...hosted, ...facts }, own).map(({ argv }) => argv.join(" "));

describe("making a runner ready for the walls", () => {
  test("a hosted runner gets bubblewrap, user namespaces and control groups of its own, by sudo that never asks", () => {
    const steps = plan({});
    expect(steps).toHaveLength(4);
    expect(steps.every((step) => step.startsWith("sudo -n "))).toBe(true);
    expect(steps[1]).toMatch(/apt-get .* install -y --no-install-recommends bubblewrap$/);
    expect(steps[2]).toMatch(/sysctl -q -w kernel\.apparmor_restrict_unprivileged_userns=0$/);
    expect(steps[3]).toMatch(/\/sys\/fs\/cgroup\/baton 1001 4321$/);
  });

  test("only what is missing is done", () => {
    expect(plan({ hasBubblewrap: true, isRestricted: false, needsCgroup: false })).toEqual([]);
    expect(plan({ hasBubblewrap: true, needsCgroup: false })).toEqual([
      "sudo -n sysctl -q -w kernel.apparmor_restrict_unprivileged_userns=0",
    ]);
    expect(plan({ isRoot: true, isRestricted: false, needsCgroup: false })[0]).toMatch(/^env DEBIAN_FRONTEND/);
  });

  test.each([
    ["a self-hosted runner or a person's own machine", { isDisposable: false }],
    ["the root of a machine that is somebody's", { isDisposable: false, isRoot: true }],
    ["a runner without sudo", { hasSudo: false }],
  ])("nothing is changed on %s", (_what, facts) => expect(plan(facts)).toEqual([]));

  test("a step that fails is said with its last words, the next is tried, and neither sees our environment", async () => {
    process.env.BATON_TEST_CANARY = "canary";
    const said: string[] = [];
    const step = (why: string, script: string, timeoutMs = 20_000) => ({ why, argv: ["sh", "-c", script], timeoutMs });
    await runPreparation(
      [
        step("one", "echo first >&2; echo E: no such package >&2; exit 100"),
        step("two", 'test -z "$BATON_TEST_CANARY" && test "$(env | grep -c canary)" = 0'),
        step("three", "exec sleep 60", 200),
        { why: "four", argv: ["no-such-program-here"], timeoutMs: 1_000 },
      ],
      (line) => said.push(line),
    );
    delete process.env.BATON_TEST_CANARY;
    expect(said).toEqual([
      "could not prepare this runner (one): exit 100: E: no such package",
      "prepared this runner: two",
      "could not prepare this runner (three): ended by SIGKILL",
      expect.stringMatching(/^could not prepare this runner \(four\): .*ENOENT/),
    ]);
  });
});
