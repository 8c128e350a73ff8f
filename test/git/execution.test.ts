import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRemote, createStore, git, temporaryDir, writeFiles } from "./helpers.ts";

/** Programs that git runs by configuration; each would leave a mark. */
const configVectors = (mark: (name: string) => string): [name: string, config: string][] => [
  ["fsmonitor", `[core]\n\tfsmonitor = ${mark("fsmonitor")}`],
  ["hooksPath", "[core]\n\thooksPath = .evil-hooks"],
  ["editor", `[core]\n\teditor = ${mark("editor")}`],
  ["pager", `[core]\n\tpager = ${mark("pager")}`],
  ["sshCommand", `[core]\n\tsshCommand = ${mark("sshCommand")}`],
  ["gitProxy", `[core]\n\tgitProxy = ${mark("gitProxy")}`],
  ["askPass", `[core]\n\taskPass = ${mark("askPass")}`],
  ["alternateRefsCommand", `[core]\n\talternateRefsCommand = ${mark("alternateRefsCommand")}`],
  ["attributesFile", "[core]\n\tattributesFile = .evil-attributes"],
  ["worktree", "[core]\n\tworktree = /"],
  ["clean", `[filter "evil"]\n\tclean = ${mark("clean")}\n\trequired = true`],
  ["smudge", `[filter "evil"]\n\tsmudge = ${mark("smudge")}`],
  ["process", `[filter "evil"]\n\tprocess = ${mark("process")}`],
  [
    "lfs clean",
    `[filter "lfs"]\n\tclean = ${mark("lfs-clean")}\n\tsmudge = ${mark("lfs-smudge")}\n\tprocess = ${mark("lfs-process")}`,
  ],
  ["textconv", `[diff "evil"]\n\ttextconv = ${mark("textconv")}`],
  ["diff command", `[diff "evil"]\n\tcommand = ${mark("diff-command")}`],
  ["diff external", `[diff]\n\texternal = ${mark("diff-external")}`],
  ["merge driver", `[merge "evil"]\n\tdriver = ${mark("merge-driver")}`],
  ["merge default", `[merge]\n\tdefault = evil\n[merge "evil"]\n\tdriver = ${mark("merge-default")}`],
  ["credential helper", `[credential]\n\thelper = !${mark("credential")}`],
  ["url insteadOf", `[url "ext::${mark("insteadOf")} "]\n\tinsteadOf = /`],
  ["url pushInsteadOf", `[url "ext::${mark("pushInsteadOf")} "]\n\tpushInsteadOf = /`],
  ["protocol ext", '[protocol "ext"]\n\tallow = always'],
  [
    "remote uploadpack",
    `[remote "origin"]\n\turl = /\n\tuploadpack = ${mark("uploadpack")}\n\treceivepack = ${mark("receivepack")}`,
  ],
  ["remote vcs", '[remote "origin"]\n\tvcs = evil'],
  ["packObjectsHook", `[uploadpack]\n\tpackObjectsHook = ${mark("packObjectsHook")}`],
  [
    "gpg program",
    `[gpg]\n\tprogram = ${mark("gpg")}\n[commit]\n\tgpgSign = true\n[tag]\n\tgpgSign = true\n[push]\n\tgpgSign = true`,
  ],
  [
    "gpg ssh",
    `[gpg]\n\tformat = ssh\n[gpg "ssh"]\n\tprogram = ${mark("gpg-ssh")}\n\tdefaultKeyCommand = ${mark("gpg-key")}`,
  ],
  ["sequence editor", `[sequence]\n\teditor = ${mark("sequence")}`],
  ["interactive filter", `[interactive]\n\tdiffFilter = ${mark("diffFilter")}`],
  ["mergetool", `[mergetool "evil"]\n\tcmd = ${mark("mergetool")}`],
  ["alias", `[alias]\n\tls-tree = !${mark("alias")}\n\tread-tree = !${mark("alias2")}`],
  ["include", "[include]\n\tpath = ../.evil-include"],
  ["includeIf", '[includeIf "gitdir:/"]\n\tpath = ../.evil-include'],
  ["trailer command", `[trailer "sign"]\n\tkey = x\n\tcommand = ${mark("trailer")}`],
  ["submodule update", `[submodule "s"]\n\turl = .\n\tupdate = !${mark("submodule-update")}`],
  ["recurse submodules", "[submodule]\n\trecurse = true\n[fetch]\n\trecurseSubmodules = true"],
  ["gc and maintenance", "[gc]\n\tauto = 1\n[maintenance]\n\tauto = true"],
  ["http proxy", "[http]\n\tproxy = http://127.0.0.1:1\n\textraHeader = X-Evil: 1"],
  ["partial clone", '[extensions]\n\tpartialClone = origin\n[remote "origin"]\n\tpromisor = true\n\turl = ext::evil'],
];

const hooks = [
  "pre-commit",
  "post-checkout",
  "post-index-change",
  "pre-push",
  "reference-transaction",
  "post-merge",
  "fsmonitor-watchman",
  "commit-msg",
];

test("nothing that a work folder can say about git makes Baton's git run a program", async () => {
  const marks = temporaryDir();
  const marker = join(temporaryDir(), "evil.sh");
  writeFileSync(marker, `#!/bin/sh\n: > "${marks}/$1"\ncat 2>/dev/null || true\n`);
  chmodSync(marker, 0o755);
  const mark = (name: string) => `${marker} ${name}`;
  const remote = createRemote({ "a.txt": "a\n", "b.bin": "b\n", ".gitattributes": "*.bin -diff\n" });
  const store = await createStore(remote);
  const base = await store.treeOf(remote.base);
  const vectors = configVectors(mark);
  expect(vectors.length + hooks.length + 4).toBeGreaterThanOrEqual(40);
  const work = join(temporaryDir(), "work");
  await store.checkout(base, work);
  git(work, "init", "-q");
  const plant = (gitDir: string, config: string) => {
    mkdirSync(join(gitDir, "hooks"), { recursive: true });
    writeFileSync(join(gitDir, "config"), `[core]\n\trepositoryformatversion = 0\n${config}\n`);
    for (const hook of hooks) {
      writeFileSync(join(gitDir, "hooks", hook), `#!/bin/sh\n: > "${marks}/hook-${hook}"\n`);
      chmodSync(join(gitDir, "hooks", hook), 0o755);
    }
  };
  const everything = vectors.map(([, config]) => config).join("\n");
  plant(join(work, ".git"), everything);
  // A nested repository, a gitfile, a bare repository in the tree, and a submodule that is none.
  mkdirSync(join(work, "nested"));
  git(join(work, "nested"), "init", "-q");
  plant(join(work, "nested/.git"), everything);
  writeFiles(work, {
    "gitfile/.git": "gitdir: ../nested/.git\n",
    ".gitattributes":
      "* filter=evil diff=evil merge=evil ident text eol=crlf working-tree-encoding=UTF-16\n*.bin filter=lfs\n",
    "nested/.gitattributes": "* filter=evil diff=evil\n",
    ".evil-attributes": "* filter=evil\n",
    ".evil-include": everything,
    ".gitmodules": '[submodule "s"]\n\tpath = nested\n\turl = ext::sh\n\tupdate = !sh\n',
    "nested/file": "content $Id$\r\n",
  });
  git(temporaryDir(), "init", "-q", "--bare", join(work, "bare"));
  plant(join(work, "bare"), everything);
  symlinkSync("nested", join(work, "link"));

  const unchanged = await store.worldHash(work);
  const snapshot = await store.snapshot(work, { baseTree: base, isProtected: () => false });
  expect(snapshot.nested).toEqual(["gitfile", "nested"]);
  expect((await store.listTree(snapshot.tree)).some((file) => file.path.split("/").includes(".git"))).toBe(false);
  const copy = join(temporaryDir(), "copy");
  await store.checkout(snapshot.tree, copy);
  expect(readdirSync(copy)).toContain("nested");
  await store.diff(base, snapshot.tree);
  await store.merge({
    base,
    ours: snapshot.tree,
    theirs: await store.graft(base, [{ path: "a.txt", sha: await store.writeBlob("z\n") }]),
  });
  const commit = await store.commit({ tree: snapshot.tree, parents: [remote.base], message: "x" });
  expect(await store.push([{ ref: "refs/heads/baton/x", sha: commit }])).toEqual({ kind: "pushed" });
  expect(await store.worldHash(work)).toBe(unchanged);
  const { seedModelRepository } = await import("../../src/git/seed-model-repository.ts");
  await seedModelRepository(copy, { store, base: remote.base });
  expect(readdirSync(marks)).toEqual([]);
});

test("the vectors have teeth: plain git in that folder runs them", () => {
  const marks = temporaryDir();
  const work = temporaryDir();
  git(work, "init", "-q");
  writeFiles(work, { ".gitattributes": "* filter=evil\n", "a.txt": "a\n" });
  writeFiles(work, {
    ".git/config": `[core]\n\trepositoryformatversion = 0\n[filter "evil"]\n\tclean = ": > ${marks}/ran; cat"\n`,
  });
  git(work, "add", "-A");
  expect(existsSync(join(marks, "ran"))).toBe(true);
});
