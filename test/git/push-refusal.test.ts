import { expect, test } from "vitest";
import { readPush } from "../../src/git/push-refusal.ts";

const rejected = (ref: string, why: string) => `To x\n!\tabc:${ref}\t${why}\nDone\n`;

test.each([
  [
    "workflows",
    rejected(
      "refs/heads/b",
      "[remote rejected] (refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without `workflows` permission)",
    ),
    "",
  ],
  [
    "secret",
    rejected("refs/heads/b", "[remote rejected] (push declined due to repository rule violations)"),
    "remote: error: GH013: Repository rule violations found for refs/heads/b.\nremote: - GITHUB PUSH PROTECTION\nremote:     - Push cannot contain secrets\nremote:            path: src/key.ts:4\n",
  ],
  [
    "rules",
    rejected("refs/heads/b", "[remote rejected] (push declined due to repository rule violations)"),
    "remote: error: GH013: Repository rule violations found for refs/heads/b.",
  ],
  [
    "size",
    rejected("refs/heads/b", "[remote rejected] (pre-receive hook declined)"),
    "remote: error: File big.bin is 120.00 MB; this exceeds GitHub's file size limit of 100.00 MB\nremote: error: GH001: Large files detected.",
  ],
  ["namespace", rejected("refs/baton/x", "[remote rejected] (deny updating a hidden ref)"), ""],
  ["namespace", rejected("refs/baton/x", "[remote rejected] (funny refname)"), ""],
  ["non_fast_forward", rejected("refs/heads/b", "[rejected] (non-fast-forward)"), ""],
  ["non_fast_forward", rejected("refs/heads/b", "[rejected] (fetch first)"), ""],
  ["auth", "", "fatal: could not read Username for 'https://github.com': terminal prompts disabled"],
  [
    "auth",
    "",
    "remote: Write access to repository not granted.\nfatal: unable to access 'https://github.com/o/r/': The requested URL returned error: 403",
  ],
  ["rules", rejected("refs/heads/b", "[remote rejected] (pre-receive hook declined)"), "remote: no"],
  [
    "other",
    rejected("refs/heads/b", "[remote rejected] (unpacker error)"),
    "remote: error: object 8a919b1: gitmodulesUrl: disallowed submodule url: -u./p\nremote: fatal: fsck error in packed object\nerror: remote unpack failed: index-pack abnormal exit",
  ],
])("a refusal is read as %s from the remote's own words", (why, stdout, stderr) => {
  expect(readPush({ code: 1, stdout, stderr })).toMatchObject({ kind: "refused", why });
});

test("the refs and files that the remote named are told", () => {
  const stdout = `${rejected("refs/heads/b", "[rejected] (fetch first)")}!\tdef:refs/baton/x\t[rejected] (atomic push failed)\n`;
  expect(readPush({ code: 1, stdout, stderr: "" })).toMatchObject({ refs: ["refs/heads/b"] });
  expect(
    readPush({
      code: 1,
      stdout: "",
      stderr: "remote: error: File a b.bin is 120.00 MB; this exceeds GitHub's file size limit",
    }),
  ).toMatchObject({ paths: ["a b.bin"] });
});

test.each([
  rejected("refs/baton/x", "[remote rejected] (Internal Server Error)"),
  rejected("refs/baton/x", "[remote rejected] (unpacker error)"),
  rejected(
    "refs/baton/x",
    "[remote rejected] (cannot lock ref 'refs/baton/x': Unable to create '/r/refs/baton/x.lock': File exists.)",
  ),
])("what a remote could not do now is no refusal: %j", (stdout) => {
  expect(readPush({ code: 1, stdout, stderr: "" })).toMatchObject({ kind: "unknown" });
});

test("a pack that is too large stays a refusal, whatever else is said", () => {
  const stderr =
    "remote: fatal: pack exceeds maximum allowed size (2.00 GiB)\nerror: remote unpack failed: index-pack failed";
  const stdout = rejected("refs/heads/b", "[remote rejected] (unpacker error)");
  expect(readPush({ code: 1, stdout, stderr })).toMatchObject({ kind: "refused", why: "size" });
});

test("a line that was cut says nothing about the outcome", () => {
  expect(readPush({ code: 128, stdout: "", stderr: "fatal: the remote end hung up unexpectedly" })).toMatchObject({
    kind: "unknown",
  });
  expect(readPush({ code: 0, stdout: "", stderr: "" })).toEqual({ kind: "pushed" });
});
