import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { foldName, isDotGit, plainPath, readLinkRefusal } from "../../src/git/path-rules.ts";
import { createRemote, createStore, git, temporaryDir, writeFiles } from "./helpers.ts";

const free = { isProtected: () => false };

async function openWork(files?: Record<string, string>) {
  const remote = createRemote(files);
  const store = await createStore(remote);
  const work = join(temporaryDir(), "work");
  const baseTree = await store.treeOf(remote.base);
  await store.checkout(baseTree, work);
  return { remote, store, work, baseTree };
}

test("every way to write .git is seen, and honest names are not", () => {
  const words = ["git", "Git", "GIT", "gIt"];
  const marks = ["\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202e", "\u206a", "\u206f", "\ufeff"];
  const cases = words.flatMap((word) => [
    `.${word}`,
    `.${word} `,
    `.${word}.`,
    `.${word}. . `,
    `.${word}::$INDEX_ALLOCATION`,
    `.${word}:stream`,
    `${word}~1`,
    `${word.toUpperCase()}~1.`,
    ...marks.flatMap((mark) => [
      `${mark}.${word}`,
      `.${mark}${word}`,
      `.${word[0]}${mark}${word.slice(1)}`,
      `.${word}${mark}`,
    ]),
  ]);
  cases.push("．git", ".ｇｉｔ", ".GⅠT".replace("Ⅰ", "I"));
  expect(cases.filter((name) => !isDotGit(name))).toEqual([]);
  expect(cases.length).toBeGreaterThan(170);
  for (const name of [".gitignore", ".github", "git", ".gitattributes", "x.git", ".git2", "git~2", "..git", "digit"])
    expect(isDotGit(name)).toBe(false);
});

test("a link may stay within the tree, and every other one is refused", () => {
  const up = (count: number) => "../".repeat(count);
  const bad: [string, string][] = [];
  for (let depth = 0; depth < 12; depth += 1) {
    const path = `${"d/".repeat(depth)}link`;
    for (const tail of ["x", "", ".", "./x", "etc/passwd", "/x"]) bad.push([path, `${up(depth + 1)}${tail}`]);
    bad.push(
      [path, `${up(depth)}a/../..`],
      [path, "x/../y"],
      [path, `./${up(depth + 1)}x`],
      [path, `${up(depth)}.git/config`],
      [path, "/"],
    );
  }
  for (const target of [
    "/etc/passwd",
    "//x",
    "C:/x",
    "c:\\x",
    "..\\x",
    "a\\b",
    "..",
    "../",
    "a/../../..",
    ".GIT/hooks",
    "a/.git",
    ".",
  ]) {
    if (target !== ".") bad.push(["link", target]);
  }
  for (const name of [".gitmodules", ".gitattributes", ".gitignore", ".GitModules", ".gitmodules "])
    bad.push([name, "x"], [`d/${name}`, "x"]);
  expect(bad.length).toBeGreaterThan(150);
  expect(bad.filter(([path, target]) => readLinkRefusal(path, target) === null)).toEqual([]);
  for (const [path, target] of [
    ["link", "a"],
    ["d/link", "../a"],
    ["d/e/link", "../../a/b"],
    ["link", "./a"],
    ["link", "..a"],
    ["link", "a..b/c"],
    ["d/link", ".."],
  ]) {
    expect(readLinkRefusal(path!, target!)).toBeNull();
  }
});

test("of very much new content at once the part that a remote can hold is taken, the same part each time, and the rest is named", async () => {
  const { store, work, baseTree } = await openWork({ "a.txt": "a\n", "z.txt": "z\n" });
  writeFileSync(join(work, "a.txt"), "changed\n");
  writeFileSync(join(work, "z.txt"), "changed too\n");
  for (let count = 10; count < 52; count += 1) {
    writeFileSync(join(work, `new-${count}`), "");
    truncateSync(join(work, `new-${count}`), 4_999_999);
  }
  const first = await store.snapshot(work, { baseTree, ...free });
  const second = await store.snapshot(work, { baseTree, ...free });
  expect(second).toEqual(first);
  expect(first.refused.map(({ path }) => path)).toEqual(["new-50", "new-51"]);
  expect(first.refused[0]?.why).toBe("more than 200 MB of new and changed files in all");
  expect(Buffer.from((await store.readBlob(first.tree, "z.txt"))!).toString()).toBe("changed too\n");
});

test("special files, huge files, bad links and names are left out with the reason; the base's entry stays", async () => {
  const { store, work, baseTree } = await openWork({ "a.txt": "a\n", "keep.txt": "k\n", "d/x": "x\n" });
  rmSync(join(work, "a.txt"));
  execFileSync("mkfifo", [join(work, "a.txt")]);
  rmSync(join(work, "keep.txt"));
  symlinkSync("/etc/passwd", join(work, "keep.txt"));
  writeFileSync(join(work, "huge"), "");
  truncateSync(join(work, "huge"), 5_000_001);
  writeFileSync(join(work, "largest"), Buffer.alloc(5_000_000));
  symlinkSync("../../..", join(work, "d/out"));
  writeFiles(work, { ".GIT/config": "x", "d/.gi\u200ct/config": "x" });
  writeFileSync(Buffer.concat([Buffer.from(`${work}/bad`), Buffer.from([0xff, 0xfe])]), "x");
  const socket = spawn("python3", [
    "-c",
    `import socket,time;s=socket.socket(socket.AF_UNIX);s.bind(${JSON.stringify(join(work, "sock"))})`,
  ]);
  await new Promise((resolve) => socket.on("close", resolve));
  const snapshot = await store.snapshot(work, { baseTree, ...free });
  const why = Object.fromEntries(snapshot.refused.map((one) => [one.path, one.why]));
  expect(why).toMatchObject({
    "a.txt": "not a file, folder or link",
    "keep.txt": "a link to an absolute path",
    huge: "a file of more than 5 MB",
    "d/out": "a link that leaves the tree",
    ".GIT": "a name that some file systems take for .git",
    "d/.gi\u200ct": "a name that some file systems take for .git",
    sock: "not a file, folder or link",
  });
  expect(Object.values(why)).toContain("a name that is not UTF-8");
  const files = await store.listTree(snapshot.tree);
  expect(files.map((file) => file.path)).toEqual(["a.txt", "d/x", "keep.txt", "largest"]);
  expect(Buffer.from((await store.readBlob(snapshot.tree, "keep.txt"))!).toString()).toBe("k\n");
});

test("whatever names a worker makes, what is taken can be checked out and pushed to a remote that checks every object", async () => {
  const { remote, store, work, baseTree } = await openWork({ "a.txt": "a\n", "gi7~1": "of the base\n" });
  git(remote.url, "config", "receive.fsckObjects", "true");
  const refused = [".git\\config", "a\\.GIT\\config", "..\\.git", "GITMOD~1", "gi7eba~2", "GI7D2~10", "git~1.x\\.git"];
  const deep = `${`${"d".repeat(250)}/`.repeat(20)}x`;
  for (const name of refused) writeFileSync(join(work, name), "x");
  for (const name of [".gitmodules", ".GitAttributes", "sub/.gitattributes"])
    writeFiles(work, { [`${name}/config`]: "x" });
  execFileSync(
    "bash",
    ["-c", `for ((i = 0; i < 20; i++)); do mkdir ${"d".repeat(250)} && cd ${"d".repeat(250)}; done; echo x > x`],
    { cwd: work },
  );
  const taken = [
    "a\\b",
    "..\\x",
    "\\",
    "con",
    "x:y",
    "x.",
    "x ",
    "new\nline",
    "tab\t",
    "\u0001",
    '"q"',
    "-flag",
    "--",
    "~",
    "a".repeat(255),
  ];
  taken.push(
    "git~1x",
    "*",
    "?",
    "[a]",
    "!x",
    "#x",
    ":(top)x",
    "@{0}",
    "HEAD",
    "refs",
    ".git\u0300",
    ".g\u0131t",
    ".git\u00ad",
    "\u{1f600}",
    "giant~x",
  );
  for (const name of taken) writeFiles(work, { [name]: "x", [`folder/${name}/inner`]: "y" });
  symlinkSync("a.txt", join(work, "gitmod~3"));
  const snapshot = await store.snapshot(work, { baseTree, ...free });
  const out = new Set(snapshot.refused.map(({ path }) => path));
  for (const name of [...refused, "gitmod~3", ".gitmodules", ".GitAttributes", "sub/.gitattributes"])
    expect(out).toContain(name);
  expect([...out].some((path) => path.startsWith(deep.slice(0, 500)))).toBe(true);
  const files = new Set((await store.listTree(snapshot.tree)).map(({ path }) => path));
  for (const name of ["gi7~1", ...taken, ...taken.map((one) => `folder/${one}/inner`)]) expect(files).toContain(name);
  const copy = join(temporaryDir(), "copy");
  await store.checkout(snapshot.tree, copy);
  expect(await store.worldHash(copy)).toBe(snapshot.tree);
  const commit = await store.commit({ tree: snapshot.tree, parents: [remote.base], message: "x" });
  expect(await store.push([{ ref: "refs/heads/baton/x", sha: commit }])).toEqual({ kind: "pushed" });
});

test("of names that differ only by case or Unicode form, the base's stays", async () => {
  const { store, work, baseTree } = await openWork({ "Read.me": "r\n", "src/a": "a\n", é: "nfc\n" });
  writeFiles(work, {
    "read.ME": "evil",
    "SRC/a": "evil",
    "e\u0301": "evil",
    "new.txt": "1",
    "NEW.txt": "2",
    ﬁle: "1",
    file: "2",
    ſ: "1",
    s: "2",
  });
  const snapshot = await store.snapshot(work, { baseTree, ...free });
  expect((await store.listTree(snapshot.tree)).map((file) => file.path).sort()).toEqual(
    ["NEW.txt", "Read.me", "file", "s", "src/a", "é"].sort(),
  );
  expect(snapshot.refused.map((one) => one.path).sort()).toEqual(
    ["SRC", "e\u0301", "new.txt", "read.ME", "ﬁle", "ſ"].sort(),
  );
  expect(foldName("Straße")).toBe(foldName("STRASSE"));
});

test("protected paths come back as the base has them, whatever was done to them", async () => {
  const { store, work, baseTree } = await openWork({
    ".github/workflows/ci.yml": "on: push\n",
    ".github/CODEOWNERS": "* @me\n",
    "AGENTS.md": "be good\n",
    "src/x": "x\n",
    ".npmrc": "a=b\n",
  });
  const globs = [/^\.github(\/|$)/i, /(^|\/)agents\.md$/i, /(^|\/)\.npmrc$/i];
  const isProtected = (path: string) => globs.some((glob) => glob.test(path));
  rmSync(join(work, ".github"), { recursive: true });
  symlinkSync("src", join(work, ".github"));
  rmSync(join(work, "AGENTS.md"));
  writeFiles(work, {
    "AGENTS.md/inner": "x",
    ".GitHub/workflows/evil.yml": "on: push",
    "src/agents.MD": "evil",
    "src/.npmrc": "evil",
    "src/.npmrc.": "evil",
    "src/.npm\u200brc2": "fine",
  });
  writeFiles(work, { "src/.np\u200dmrc": "evil", "src/x": "changed\n" });
  rmSync(join(work, ".npmrc"));
  const snapshot = await store.snapshot(work, { baseTree, isProtected });
  const list = await store.listTree(snapshot.tree);
  expect(list.map((file) => file.path)).toEqual([
    ".github/CODEOWNERS",
    ".github/workflows/ci.yml",
    ".npmrc",
    "AGENTS.md",
    "src/.npm\u200brc2",
    "src/x",
  ]);
  expect(snapshot.restored).toContain(".github/workflows/ci.yml");
  expect(snapshot.restored).toContain("AGENTS.md");
  expect([...snapshot.restored, ...snapshot.refused.map((one) => one.path)]).toEqual(
    expect.arrayContaining(["src/agents.MD", "src/.npmrc", "src/.np\u200dmrc"]),
  );
  expect(plainPath("src/.np\u200dmrc. ")).toBe("src/.npmrc");
});

test("a submodule of the base stays what it is, and content within it is refused", async () => {
  const { remote, store, work } = await openWork();
  const gitlink = await store.graft(await store.treeOf(remote.base), [
    { path: "sub", sha: remote.base, mode: "160000" },
  ]);
  mkdirSync(join(work, "sub"));
  const empty = await store.snapshot(work, { baseTree: gitlink, ...free });
  expect(empty).toMatchObject({ tree: gitlink, refused: [] });
  writeFiles(work, { "sub/x": "x" });
  expect(await store.snapshot(work, { baseTree: gitlink, ...free })).toMatchObject({
    tree: gitlink,
    refused: [{ path: "sub" }],
  });
});

test("a work folder that is changed while it is copied out gives away nothing from outside", async () => {
  const { store, work, baseTree } = await openWork();
  const outside = join(temporaryDir(), "outside");
  writeFiles(outside, { "secret.txt": "CANARY-7f3a", "deep/secret.txt": "CANARY-7f3a" });
  writeFiles(work, { "swap/secret.txt": "inside", "swap/deep/secret.txt": "inside", "file.txt": "inside" });
  const script = `
    const fs = require("fs"), w = ${JSON.stringify(work)}, o = ${JSON.stringify(outside)};
    for (;;) {
      try { fs.renameSync(w + "/swap", w + "/kept"); fs.symlinkSync(o, w + "/swap"); } catch {}
      try { fs.unlinkSync(w + "/swap"); fs.renameSync(w + "/kept", w + "/swap"); } catch {}
      try { fs.unlinkSync(w + "/file.txt"); fs.symlinkSync(o + "/secret.txt", w + "/file.txt"); } catch {}
      try { fs.unlinkSync(w + "/file.txt"); fs.writeFileSync(w + "/file.txt", "inside"); } catch {}
    }`;
  const racer = spawn(process.execPath, ["-e", script], { stdio: "ignore" });
  try {
    const trees = new Set<string>();
    for (let round = 0; round < 300; round += 1) trees.add((await store.snapshot(work, { baseTree, ...free })).tree);
    for (const tree of trees) {
      for (const file of await store.listTree(tree)) {
        const bytes = Buffer.from((await store.readBlob(tree, file.path)) ?? []);
        expect(`${file.path} ${bytes}`).not.toContain("CANARY");
        expect(file.mode === "120000" && bytes.toString().startsWith("/")).toBe(false);
      }
    }
  } finally {
    racer.kill("SIGKILL");
    await new Promise((resolve) => racer.on("close", resolve));
  }
});

test("a checkout writes through no link that stands in its way", async () => {
  const { store, baseTree } = await openWork({ "d/x": "x\n", e: "e\n" });
  const outside = temporaryDir();
  const target = temporaryDir();
  symlinkSync(outside, join(target, "d"));
  symlinkSync(join(outside, "e"), join(target, "e"));
  await store.checkout(baseTree, target);
  expect(execFileSync("ls", ["-A", outside], { encoding: "utf8" })).toBe("");
});
