import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listLeft } from "../../src/sandbox/layer-files.ts";
import { createRemote, createStore, git, temporaryDir, writeFiles } from "./helpers.ts";

const free = { isProtected: () => false };

/** Every file of a folder with mode and bytes. */
function describe(dir: string, at = ""): string[] {
  return readdirSync(join(dir, at), { withFileTypes: true })
    .flatMap((entry) => {
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      const full = join(dir, path);
      if (entry.isDirectory()) return entry.name === ".git" ? [] : describe(dir, path);
      if (entry.isSymbolicLink()) return [`link ${JSON.stringify(path)} ${readlinkSync(full)}`];
      const mode = (lstatSync(full).mode & 0o100) === 0 ? "file" : "exec";
      return [`${mode} ${JSON.stringify(path)} ${readFileSync(full).toString("hex")}`];
    })
    .sort();
}

test("snapshot and checkout give every byte, mode and link back", async () => {
  const remote = createRemote({
    ".gitattributes": "* text=auto eol=crlf ident working-tree-encoding=UTF-16LE\n*.x export-subst filter=lfs\n",
  });
  const store = await createStore(remote);
  const work = join(temporaryDir(), "work");
  const baseTree = await store.treeOf(remote.base);
  await store.checkout(baseTree, work);
  const odd = [
    "new\nline",
    "quote\"s'",
    "-rf",
    "--",
    "sp ace ",
    "tab\t",
    "back\\slash",
    "ümläut",
    "e\u0301 decomposed",
    "日本語",
    "😀",
    "*",
    "?",
    "[a]",
    ":(top)x",
    "$(id)",
    "`id`",
    "a;b",
    "#c",
    "!d",
    "~",
    "@{u}",
    "con",
    "HEAD",
    "x".repeat(200),
  ];
  for (const name of odd) writeFiles(work, { [name]: `content of ${name}`, [`dir ${name}/${name}`]: "" });
  writeFiles(work, {
    crlf: "a\r\nb\r\n",
    mixed: "a\r\nb\nc\r",
    "ident.x": "$Id$ $Format:%H$\n",
    utf16: Buffer.from("\ufeffhello\r\n", "utf16le"),
    binary: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
    "no-end": "x",
    bom: "\ufeffx\n",
    "deep/er/.gitattributes": "* -text\n* filter=none\n",
  });
  writeFileSync(join(work, "run.sh"), "#!/bin/sh\n");
  chmodSync(join(work, "run.sh"), 0o755);
  symlinkSync("run.sh", join(work, "good"));
  symlinkSync("nowhere", join(work, "dangling"));
  symlinkSync("../run.sh", join(work, "deep/up"));
  mkdirSync(join(work, "nested"));
  git(join(work, "nested"), "init", "-q");
  writeFiles(work, { "nested/inner.txt": "inner\r\n" });
  const snapshot = await store.snapshot(work, { baseTree, ...free });
  expect(snapshot).toMatchObject({ refused: [], restored: [], nested: ["nested"] });
  const copy = join(temporaryDir(), "copy");
  await store.checkout(snapshot.tree, copy);
  expect(describe(copy)).toEqual(describe(work));
  expect((await store.snapshot(copy, { baseTree, ...free })).tree).toBe(snapshot.tree);
});

test("names of the base that are not UTF-8 stay as they are, whatever else changes; new ones are refused by name", async () => {
  const store = await createStore(createRemote({}));
  const make = (args: string[], input: Buffer | string): string =>
    execFileSync("git", ["--git-dir", store.dir, ...args], { input, encoding: "utf8" }).trim();
  const blob = make(["hash-object", "-w", "--stdin"], "content\n");
  const tree = (rows: string[]): string =>
    make(["mktree", "-z"], Buffer.from(rows.map((row) => `${row}\0`).join(""), "latin1"));
  const folder = tree([`100644 blob ${blob}\t\xc3\xbc.txt`]);
  const base = tree([`100644 blob ${blob}\tl\xe8`, `100755 blob ${blob}\tl\xe9`, `040000 tree ${folder}\t\xffd`]);
  const work = join(temporaryDir(), "work");
  await store.checkout(base, work);
  expect((await store.listTree(base)).map(({ path }) => path)).toEqual(["l\udce8", "l\udce9", "\udcffd/ü.txt"]);
  writeFileSync(join(work, "new.txt"), "new");
  const after = await store.snapshot(work, { baseTree: base, ...free });
  expect(await store.graft(after.tree, [{ path: "new.txt", sha: null }])).toBe(base);
  writeFileSync(Buffer.concat([Buffer.from(`${work}/`), Buffer.of(0xfe)]), "x");
  const odd = await store.snapshot(work, { baseTree: base, ...free });
  expect(odd).toMatchObject({ tree: after.tree, refused: [{ path: "\udcfe", why: "a name that is not UTF-8" }] });
});

test("the base's ignore rules count, not those the work wrote; what the base tracks is never ignored", async () => {
  const remote = createRemote({
    ".gitignore": "*.log\n/build/\n",
    "build/kept.txt": "tracked\n",
    "tracked.log": "t\n",
  });
  const store = await createStore(remote);
  const baseTree = await store.treeOf(remote.base);
  const work = join(temporaryDir(), "work");
  await store.checkout(baseTree, work);
  writeFiles(work, {
    ".gitignore": "secret.txt\n",
    "secret.txt": "s",
    "x.log": "l",
    "build/new.txt": "n",
    "build/kept.txt": "changed",
    "tracked.log": "u",
    "layer/x": "1",
  });
  const snapshot = await store.snapshot(work, { baseTree, ...free, ignore: ["/layer/"] });
  const paths = (await store.listTree(snapshot.tree)).map((file) => file.path);
  expect(paths).toEqual([".gitignore", "build/kept.txt", "secret.txt", "tracked.log"]);
  expect(Buffer.from((await store.readBlob(snapshot.tree, "build/kept.txt"))!).toString()).toBe("changed");
});

test("ignore rules agree with git check-ignore on random patterns", async () => {
  const { readIgnoreRules } = await import("../../src/git/ignore-rules.ts");
  let seed = 7;
  const random = (n: number) => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return (seed >> 8) % n;
  };
  const pick = (list: readonly string[]) => list[random(list.length)]!;
  const parts = [
    "a",
    "b",
    "ab",
    "a.b",
    "*",
    "**",
    "?",
    "*.b",
    "a*",
    "[ab]",
    "[!a]",
    "[a-c]x",
    "\\*",
    "a\\ ",
    "[[:alpha:]]",
    "***",
    "a**b",
  ];
  const names = ["a", "b", "ab", "a.b", "cx", "*", "x", "aXb"];
  const work = temporaryDir();
  git(work, "init", "-q");
  const folders = ["", "a", "b", "a/b", "ab"];
  for (let round = 0; round < 40; round += 1) {
    const files = new Map<string, string>();
    for (const folder of round % 2 === 0 ? [""] : ["", "a"]) {
      const lines = Array.from(
        { length: 1 + random(5) },
        () =>
          `${pick(["", "", "!", "/"])}${Array.from({ length: 1 + random(3) }, () => pick(parts)).join("/")}${pick(["", "", "/", " "])}`,
      );
      files.set(folder, `${lines.join("\n")}\n`);
      writeFiles(work, { [`${folder === "" ? "" : `${folder}/`}.gitignore`]: files.get(folder)! });
    }
    const rules = readIgnoreRules(files);
    const paths = folders
      .flatMap((folder) => names.map((name) => (folder === "" ? name : `${folder}/${name}`)))
      .filter((path) => path !== "a");
    const probe = paths.map((path) => `${path}\0`).join("");
    let said = "";
    try {
      said = execFileSync("git", ["check-ignore", "--no-index", "-z", "--stdin"], {
        cwd: work,
        input: probe,
        encoding: "utf8",
      });
    } catch (error) {
      if ((error as { status?: number }).status !== 1) throw error;
    }
    const ours = paths.filter((path) => {
      const steps = path.split("/");
      return steps.some((_, index) => rules.isIgnored(steps.slice(0, index + 1).join("/"), index < steps.length - 1));
    });
    expect({ rules: [...files], ignored: ours }).toEqual({
      rules: [...files],
      ignored: said.split("\0").filter(Boolean),
    });
    rmSync(join(work, "a"), { recursive: true, force: true });
  }
});

test("what set-up left is no part of the work, what the work adds beside it is, and what the base tracks always is", async () => {
  const texts = (paths: readonly string[]) => Object.fromEntries(paths.map((path) => [path, "x\n"]));
  const base = ["src/a.js", "node_modules/.keep"];
  const left = ["node_modules/x/index.js", "gen/a [1].js", "gen/!b.js", "#c", "wide/d.js"];
  for (let at = 0; at < 201; at += 1) left.push(`big/${at}.js`);
  const layer = temporaryDir();
  writeFiles(layer, texts(left));
  const remote = createRemote(texts(base));
  const store = await createStore(remote);
  const [dir, baseTree] = [temporaryDir(), await store.treeOf(remote.base)];
  writeFiles(dir, texts([...base, ...left, "gen/new.js", "wide/new.js", "src/b.js", "big/new.js"]));
  const { tree } = await store.snapshot(dir, { ...free, baseTree, ignore: listLeft(layer) });
  expect((await store.listTree(tree)).map(({ path }) => path).sort()).toEqual(
    ["gen/new.js", "node_modules/.keep", "src/a.js", "src/b.js", "wide/new.js"].sort(),
  );
});
