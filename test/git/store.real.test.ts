import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seedModelRepository } from "../../src/git/seed-model-repository.ts";
import { createRemote, createStore, git, temporaryDir, writeFiles } from "./helpers.ts";

const nothingProtected = () => false;

test("a work folder goes out as a tree, into a commit and to the remote by fast-forward", async () => {
  const remote = createRemote();
  const store = await createStore(remote);
  const work = join(temporaryDir(), "work");
  await store.checkout(await store.treeOf(remote.base), work);
  expect(readFileSync(join(work, "src/b.txt"), "utf8")).toBe("b\n");
  writeFiles(work, { "src/new.txt": "new\n" });
  rmSync(join(work, "a.txt"));
  const snapshot = await store.snapshot(work, {
    baseTree: await store.treeOf(remote.base),
    isProtected: nothingProtected,
  });
  expect(snapshot).toMatchObject({ restored: [], refused: [], nested: [] });
  const commit = await store.commit({ tree: snapshot.tree, parents: [remote.base], message: "work" });
  expect(await store.push([{ ref: "refs/heads/baton/issue-1", sha: commit }])).toEqual({ kind: "pushed" });
  expect(git(remote.url, "ls-tree", "-r", "--name-only", "baton/issue-1").trim().split("\n")).toEqual([
    "src/b.txt",
    "src/new.txt",
  ]);
  expect(git(remote.url, "log", "-1", "--format=%an|%s", "baton/issue-1").trim()).toBe("baton[bot]|work");
  git(remote.url, "fsck", "--strict");
});

test("a clone of the last commit alone is a remote like any other", async () => {
  const origin = createRemote();
  const clone = join(temporaryDir(), "clone");
  const second = git(origin.url, "commit-tree", "-p", origin.base, "-m", "second", `${origin.base}^{tree}`).trim();
  git(origin.url, "update-ref", "refs/heads/main", second);
  git(temporaryDir(), "clone", "-q", "--depth=1", `file://${origin.url}`, clone);
  const store = await createStore({ url: clone, base: second });
  await store.fetch(["refs/heads/main"]);
  const work = join(temporaryDir(), "work");
  await store.checkout(await store.treeOf(second), work);
  await seedModelRepository(work, { store, base: second });
  expect(git(work, "log", "--format=%s").trim()).toBe("second");
  const commit = await store.commit({ tree: await store.treeOf(second), parents: [second], message: "work" });
  expect(await store.push([{ ref: "refs/heads/baton/issue-1", sha: commit }])).toEqual({ kind: "pushed" });
  expect(git(clone, "log", "--format=%s", "baton/issue-1").trim()).toBe("work\nsecond");
});

test("the same work folder gives the same hash, another content another", async () => {
  const remote = createRemote();
  const store = await createStore(remote);
  const work = join(temporaryDir(), "work");
  await store.checkout(await store.treeOf(remote.base), work);
  const before = await store.worldHash(work);
  expect(before).toBe(await store.treeOf(remote.base));
  expect(await store.worldHash(work)).toBe(before);
  writeFileSync(join(work, "a.txt"), "b\n");
  expect(await store.worldHash(work)).not.toBe(before);
});

test("grafting puts, replaces and removes blobs and subtrees", async () => {
  const remote = createRemote();
  const store = await createStore(remote);
  const base = await store.treeOf(remote.base);
  const blob = await store.writeBlob("x");
  const tree = await store.graft(base, [
    { path: "deep/er/x", sha: blob },
    { path: "a.txt", sha: null },
    { path: "copy", sha: base, mode: "040000" },
  ]);
  expect((await store.listTree(tree)).map((file) => file.path)).toEqual([
    "copy/a.txt",
    "copy/src/b.txt",
    "deep/er/x",
    "src/b.txt",
  ]);
  expect(
    await store.graft(tree, [
      { path: "deep/er/x", sha: null },
      { path: "copy", sha: null },
      { path: "a.txt", sha: await store.writeBlob("a\n") },
    ]),
  ).toBe(base);
});

test("a merge is clean or names the paths in conflict", async () => {
  const remote = createRemote({ a: "1\n2\n3\n", b: "b\n" });
  const store = await createStore(remote);
  const base = await store.treeOf(remote.base);
  const with1 = async (path: string, text: string) =>
    await store.graft(base, [{ path, sha: await store.writeBlob(text) }]);
  const clean = await store.merge({
    base: remote.base,
    ours: await with1("a", "0\n2\n3\n"),
    theirs: await with1("b", "c\n"),
  });
  expect(clean.kind).toBe("clean");
  const conflict = await store.merge({ base, ours: await with1("a", "x\n"), theirs: await with1("a", "y\n") });
  expect(conflict).toEqual({ kind: "conflict", paths: ["a"] });
});

test("a difference finds renames, counts lines and cuts the patch where it is told", async () => {
  const text = Array.from({ length: 50 }, (_, line) => `line ${line}\n`).join("");
  const remote = createRemote({ "old name.txt": text, "keep.txt": "k\n", bin: Buffer.from([0, 1, 2]) });
  const store = await createStore(remote);
  const base = await store.treeOf(remote.base);
  const tree = await store.graft(base, [
    { path: "old name.txt", sha: null },
    { path: "new\tname.txt", sha: await store.writeBlob(`${text}more\n`) },
    { path: "keep.txt", sha: await store.writeBlob("k\nl\n") },
    { path: "bin", sha: await store.writeBlob(Buffer.from([0, 9])) },
  ]);
  const diff = await store.diff(base, tree);
  expect(diff.files).toEqual([
    { path: "bin", status: "modified", added: 0, removed: 0, binary: true },
    { path: "keep.txt", status: "modified", added: 1, removed: 0, binary: false },
    { path: "new\tname.txt", oldPath: "old name.txt", status: "renamed", added: 1, removed: 0, binary: false },
  ]);
  expect(diff.patch).toContain("+more");
  expect(await store.diff(base, tree, { maxBytes: 100 })).toMatchObject({ cut: true });
  expect((await store.diff(base, tree, { paths: ["keep.txt"] })).files).toHaveLength(1);
});

test("a push that is not a fast-forward is refused, and names its ref; with it nothing of the push is made", async () => {
  const remote = createRemote();
  const store = await createStore(remote);
  const tree = await store.treeOf(remote.base);
  const stray = await store.commit({ tree, parents: [], message: "stray" });
  const child = await store.commit({ tree, parents: [remote.base], message: "child" });
  const outcome = await store.push([
    { ref: "refs/heads/main", sha: stray },
    { ref: "refs/baton/issue-1", sha: child },
  ]);
  expect(outcome).toMatchObject({ kind: "refused", why: "non_fast_forward", refs: ["refs/heads/main"] });
  expect(await store.lsRemote(["refs/baton/*"])).toEqual(new Map());
  expect(await store.lsRemote(["refs/heads/main"])).toEqual(new Map([["refs/heads/main", remote.base]]));
});

test("a remote that is gone is unreachable, and a remote that is no remote is refused by name", async () => {
  const remote = createRemote();
  const store = await createStore(remote);
  rmSync(remote.url, { recursive: true });
  await expect(store.lsRemote(["refs/heads/*"])).rejects.toThrow(/ls-remote/);
  await expect(createStore({ url: "ext::sh -c true", base: "" })).rejects.toThrow(/cannot be used/);
  await expect(createStore({ url: "--upload-pack=x", base: "" })).rejects.toThrow(/cannot be used/);
});

test("the model's own repository has the base's last commits, no remote, no other ref, and is not copied out", async () => {
  const { seedModelRepository } = await import("../../src/git/seed-model-repository.ts");
  const remote = createRemote();
  const store = await createStore(remote);
  const work = join(temporaryDir(), "work");
  const tree = await store.treeOf(remote.base);
  await store.checkout(tree, work);
  await seedModelRepository(work, { store, base: remote.base });
  expect(git(work, "status", "--porcelain")).toBe("");
  expect(git(work, "log", "--format=%s").trim()).toBe("first");
  expect(git(work, "for-each-ref", "--format=%(refname)").trim()).toBe("refs/heads/work");
  expect(git(work, "remote").trim()).toBe("");
  expect(existsSync(join(work, ".git/logs"))).toBe(false);
  expect(readFileSync(join(work, ".git/config"), "utf8")).not.toContain(store.dir);
  mkdirSync(join(work, "d"));
  symlinkSync("../a.txt", join(work, "d/link"));
  const snapshot = await store.snapshot(work, { baseTree: tree, isProtected: nothingProtected });
  expect((await store.listTree(snapshot.tree)).map((file) => `${file.mode} ${file.path}`)).toEqual([
    "100644 a.txt",
    "120000 d/link",
    "100644 src/b.txt",
  ]);
});

test("a branch is pushed only while it stands where it was expected, and never back in its own history", async () => {
  const remote = createRemote();
  const store = await createStore(remote);
  const ref = "refs/heads/baton/issue-1";
  const tree = await store.treeOf(remote.base);
  const first = await store.commit({ tree, parents: [remote.base], message: "first" });
  const second = await store.commit({ tree, parents: [first], message: "second" });
  expect(await store.push([{ ref, sha: first, expected: null }])).toEqual({ kind: "pushed" });
  git(remote.url, "update-ref", "-d", ref);
  expect(await store.push([{ ref, sha: second, expected: first }])).toMatchObject({
    kind: "refused",
    why: "non_fast_forward",
    refs: [ref],
  });
  git(remote.url, "update-ref", ref, remote.base);
  expect(await store.push([{ ref, sha: second, expected: first }])).toMatchObject({ why: "non_fast_forward" });
  expect(await store.push([{ ref, sha: first, expected: null }])).toMatchObject({ why: "non_fast_forward" });
  expect(git(remote.url, "rev-parse", ref).trim()).toBe(remote.base);
  await expect(store.push([{ ref, sha: remote.base, expected: second }])).rejects.toThrow("does not descend from");
});

test("a commit that the store does not have is nobody's ancestor", async () => {
  const remote = createRemote();
  const store = await createStore(remote);
  expect(await store.isAncestor("f".repeat(40), remote.base)).toBe(false);
});
