import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..");
const { jobs } = parse(readFileSync(join(root, ".github/workflows/release.yml"), "utf8")) as {
  jobs: Record<string, { steps: { name?: string; run?: string }[] }>;
};
const script = (job: string, name: string): string =>
  jobs[job]!.steps.find((step) => step.name?.startsWith(name))!.run!;

/** What the stand-in for `gh` knows; every call of it is one line of the log. */
interface Hub {
  tags: string[];
  released?: boolean;
  hasMajor?: boolean;
}

describe("the shell steps of the release workflow", () => {
  let dir = "";
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "baton-release-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** Runs a step as the runner does (`bash -e`), in the clone, with a `gh` that only remembers. */
  function run(text: string, tag: string, hub: Hub = { tags: [] }): { ok: boolean; calls: string[] } {
    const log = join(dir, "log");
    const gh = `#!/bin/bash
printf '%s\\n' "$*" >>${log}
case "$*" in
  "release view"*) ${hub.released ? "exit 0" : "exit 1"} ;;
  *matching-refs*) printf '%s\\n' ${hub.tags.map((one) => `refs/tags/${one}`).join(" ")} ;;
  *PATCH*) ${hub.hasMajor ? "exit 0" : "exit 1"} ;;
esac
`;
    writeFileSync(join(dir, "gh"), gh);
    chmodSync(join(dir, "gh"), 0o755);
    const env = {
      PATH: `${dir}:${process.env.PATH}`,
      GITHUB_REF_NAME: tag,
      GITHUB_REPOSITORY: "o/r",
      GITHUB_SHA: "a".repeat(40),
    };
    let ok = true;
    try {
      execFileSync("bash", ["-e", "-c", text], { cwd: root, env, stdio: "ignore" });
    } catch {
      ok = false;
    }
    return { ok, calls: existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [] };
  }

  it("refuses a tag that is not the package's version", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect(run(script("test", "The tag"), `v${version}`).ok).toBe(true);
    expect(run(script("test", "The tag"), "v9.9.9").ok).toBe(false);
  });

  it("publishes what was built, then moves the major tag", () => {
    const { ok, calls } = run(script("release", "Release"), "v1.10.0", { tags: ["v1.2.0", "v1.10.0"], hasMajor: true });
    expect(ok).toBe(true);
    expect(calls).toEqual([
      "release view v1.10.0",
      "release create v1.10.0 --verify-tag --generate-notes dist/action.mjs dist/cli.mjs",
      "api --paginate repos/o/r/git/matching-refs/tags/v1. --jq .[].ref",
      `api --method PATCH repos/o/r/git/refs/tags/v1 -f sha=${"a".repeat(40)} -F force=true`,
    ]);
  });

  it("makes the major tag where there is none yet, and may be run again", () => {
    const { ok, calls } = run(script("release", "Release"), "v2.0.0", { tags: ["v2.0.0"], released: true });
    expect(ok).toBe(true);
    expect(calls.some((call) => call.startsWith("release create"))).toBe(false);
    expect(calls.at(-1)).toBe(`api --method POST repos/o/r/git/refs -f ref=refs/tags/v2 -f sha=${"a".repeat(40)}`);
  });

  it("leaves the major tag where a newer version has put it", () => {
    const { ok, calls } = run(script("release", "Release"), "v1.2.4", { tags: ["v1.2.4", "v1.3.0", "v1.9.0-rc.1"] });
    expect(ok).toBe(true);
    expect(calls.some((call) => call.includes("refs/tags/v1 "))).toBe(false);
  });
});
