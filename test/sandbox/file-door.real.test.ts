import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Box, openBox, skipWalls } from "./support.ts";

describe.skipIf(skipWalls)("the file tools inside the walls", () => {
  let box: Box;
  const put = async (path: string, content: string | Buffer): Promise<void> => {
    mkdirSync(join(box.workDir, path, ".."), { recursive: true });
    writeFileSync(join(box.workDir, path), content);
    await box.sandbox.adopt();
  };
  beforeAll(async () => {
    box = await openBox();
  });
  afterAll(async () => {
    await box[Symbol.asyncDispose]();
  });

  test("read numbers lines, takes a range and says what is left", async () => {
    await put("long.txt", Array.from({ length: 1_000 }, (_, index) => `line ${index + 1}`).join("\n"));
    const first = await box.sandbox.files.read({ path: "long.txt" });
    expect(first.kind === "ok" && first.text.split("\n")[0]).toBe("1\tline 1");
    expect(first.kind === "ok" && first.text).toContain("[lines 1-400 of 1000; go on with start=401]");
    const part = await box.sandbox.files.read({ path: "/workspace/long.txt", start: 999, lines: 5 });
    expect(part).toMatchObject({ text: "999\tline 999\n1000\tline 1000\n[lines 999-1000 of 1000]" });
    expect(await box.sandbox.files.read({ path: "long.txt", start: 2_000 })).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("has 1000 lines"),
    });
  });

  test("read stays below 20 KB and cuts endless lines", async () => {
    await put("wide.txt", `${"x".repeat(100_000)}\n`.repeat(50));
    const read = await box.sandbox.files.read({ path: "wide.txt" });
    expect(read.kind === "ok" && Buffer.byteLength(read.text)).toBeLessThan(20_200);
    expect(read.kind === "ok" && read.text).toContain("[+99000 chars]");
  });

  test("a binary file is described and not shown", async () => {
    await put("image.bin", Buffer.from([1, 0, 2]));
    expect(await box.sandbox.files.read({ path: "image.bin" })).toMatchObject({
      kind: "ok",
      text: expect.stringMatching(/^\[binary, 3 bytes, sha256 /),
    });
  });

  test("write makes new files, and overwrites only what was read and has not changed", async () => {
    expect(await box.sandbox.files.write({ path: "new/dir/file.txt", content: "one\n" })).toMatchObject({
      kind: "ok",
      path: "new/dir/file.txt",
    });
    expect(await box.sandbox.files.write({ path: "new/dir/file.txt", content: "two\n" })).toMatchObject({ kind: "ok" });
    await put("old.txt", "old\n");
    expect(await box.sandbox.files.write({ path: "old.txt", content: "x" })).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("read it first"),
    });
    await box.sandbox.files.read({ path: "old.txt" });
    await box.sh("echo changed >> old.txt");
    expect(await box.sandbox.files.write({ path: "old.txt", content: "x" })).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("has changed"),
    });
    await box.sandbox.files.read({ path: "old.txt" });
    expect(await box.sandbox.files.write({ path: "old.txt", content: "x" })).toMatchObject({ kind: "ok" });
    expect(readFileSync(join(box.workDir, "old.txt"), "utf8")).toBe("x");
  });

  test("the mode of a file is kept", async () => {
    await put("run.sh", "echo a\n");
    chmodSync(join(box.workDir, "run.sh"), 0o755);
    expect(await box.sandbox.files.edit({ path: "run.sh", old: "echo a", new: "echo b" })).toMatchObject({
      kind: "ok",
    });
    expect(statSync(join(box.workDir, "run.sh")).mode & 0o777).toBe(0o755);
  });

  test("a guard sees the path that links lead to, and nothing is written", async () => {
    mkdirSync(join(box.workDir, ".github/workflows"), { recursive: true });
    symlinkSync(".github", join(box.workDir, "innocent"));
    await box.sandbox.adopt();
    const seen: string[] = [];
    const answer = await box.sandbox.files.write({ path: "innocent/workflows/ci.yml", content: "x" }, (path) => {
      seen.push(path);
      return path.startsWith(".github/") ? "protected" : null;
    });
    expect(answer).toEqual({ kind: "refused", reason: "protected" });
    expect(seen).toEqual([".github/workflows/ci.yml"]);
    expect(await box.sh("ls .github/workflows")).toBe("");
  });

  test("an edit warns when JSON or JavaScript no longer parses", async () => {
    await put("package.json", '{ "a": 1 }\n');
    expect(await box.sandbox.files.edit({ path: "package.json", old: "1", new: "1," })).toMatchObject({
      text: expect.stringContaining("warning: not valid JSON now"),
    });
    await put("a.mjs", "export const a = 1;\n");
    expect(await box.sandbox.files.edit({ path: "a.mjs", old: "= 1", new: "= (1" })).toMatchObject({
      text: expect.stringContaining("warning: syntax error now"),
    });
  });

  test("glob and grep leave out .git and node_modules unless asked", async () => {
    await put("src/deep/a.ts", "const needle = 1;\n");
    await put("src/b.js", "needle\n");
    await put("node_modules/x/index.js", "needle\n");
    await put(".git/config", "needle\n");
    const list = async (pattern: string): Promise<string> => {
      const answer = await box.sandbox.files.glob({ pattern });
      return answer.kind === "ok" ? answer.text : answer.reason;
    };
    expect(await list("src/**/*.{ts,js}")).toBe("src/b.js\nsrc/deep/a.ts");
    expect(await list("*.ts")).toBe("src/deep/a.ts");
    expect(await list("node_modules/**/*.js")).toBe("node_modules/x/index.js");
    const found = await box.sandbox.files.grep({ pattern: "needle" });
    expect(found).toMatchObject({ text: "src/b.js:1:needle\nsrc/deep/a.ts:1:const needle = 1;" });
    expect(await box.sandbox.files.grep({ pattern: "need(le", glob: "*.ts" })).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("regular expression"),
    });
    expect(await box.sandbox.files.grep({ pattern: "^needle$", path: "node_modules" })).toMatchObject({
      text: "node_modules/x/index.js:1:needle",
    });
  });

  test("a pipe, a device and a socket are not opened", async () => {
    await box.sh("mkfifo pipe; ln -s /dev/zero zero; ln -s /dev/stdin stdin");
    for (const path of ["pipe", "zero", "stdin"])
      expect(await box.sandbox.files.read({ path })).toMatchObject({ kind: "refused" });
    expect(await box.sandbox.files.grep({ pattern: "x" })).toMatchObject({ kind: "ok" });
  });

  test("a file server that is killed is replaced at the next call, and what was read is still known", async () => {
    await put("kept.txt", "a\n");
    await box.sandbox.files.read({ path: "kept.txt" });
    const door = box.sandbox.files as unknown as { helperPid(): number };
    const pid = door.helperPid();
    process.kill(pid, "SIGKILL");
    // the kernel kills the rest of the namespace after its first process, and a request might still be answered
    while (door.helperPid() === pid) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await box.sandbox.files.write({ path: "kept.txt", content: "b\n" })).toMatchObject({ kind: "ok" });
    expect(door.helperPid()).not.toBe(pid);
  });

  const rounds = process.env.BATON_FULL === "1" ? 500 : 250;
  test(`${rounds} races of links against the file tools escape nowhere`, async () => {
    mkdirSync(join(box.dir, "outside"), { mode: 0o777 });
    const over = new AbortController();
    const racing = box.sandbox.exec(
      "mkdir -p r/real; while :; do rm -rf r/d; ln -s /etc r/d; rm -f r/d; ln -s ../real r/d 2>/dev/null; mkdir r/d 2>/dev/null; rm -rf r/d; ln -s /outputs r/d; rm -f r/d; done",
      { timeoutMs: 300_000, signal: over.signal },
    );
    for (let round = 0; round < rounds; round += 1) {
      await box.sandbox.files.write({ path: "r/d/f", content: `${round}` }).catch(() => null);
      const read = await box.sandbox.files.read({ path: "r/d/passwd" });
      expect(read.kind === "ok" ? read.text : "").not.toContain("root:");
    }
    over.abort();
    await racing;
    expect(readdirSync(box.outputsDir)).toEqual([]);
  });
});
