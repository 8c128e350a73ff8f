import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CleanFolder, keepClean, listPieces, type Piece } from "../../src/sandbox/clean-folder.ts";
import { copyInto } from "../../src/sandbox/layer-files.ts";

const tracked: Record<string, string> = {
  "package.json": "{}\n",
  "src/a.js": "export const a = 1;\n",
  "src/deep/b.js": "export const b = 2;\n",
  "test/a.test.js": "assert(a === 1);\n",
  "run.sh": "#!/bin/sh\n",
  link: "link:src/a.js",
};
const modeOf = (path: string): string => (path === "link" ? "120000" : path === "run.sh" ? "100755" : "100644");
const contentOf = (text: string): string => text.replace(/^link:/, "");

describe("a folder between the runs of hostile programs", () => {
  let dir = "";
  let layer = "";
  let folder: CleanFolder;
  const at = (path: string): string => join(dir, path);

  const piecesOf = (files: Record<string, string>): Map<string, Piece> =>
    new Map<string, Piece>([
      ...listPieces(layer),
      ...Object.entries(files).map(([path, text]): [string, Piece] => [
        path,
        { kind: "blob", sha: text, mode: modeOf(path) },
      ]),
    ]);
  const restore = (files = tracked): Promise<boolean> =>
    folder.restore(piecesOf(files), async (path) => Buffer.from(contentOf(files[path]!)));
  const put = (files: Record<string, string>): void => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(at(path)), { recursive: true });
      if (text.startsWith("link:")) symlinkSync(contentOf(text), at(path));
      else writeFileSync(at(path), text, { mode: modeOf(path) === "100755" ? 0o777 : 0o666 });
    }
  };
  /** Everything that a program could see but times: kinds, modes, links and contents. */
  const look = (): string[] =>
    readdirSync(dir, { recursive: true, encoding: "utf8" })
      .sort()
      .map((path) => {
        const { mode, nlink } = lstatSync(at(path));
        const isFolder = lstatSync(at(path)).isDirectory();
        const text = isFolder
          ? ""
          : lstatSync(at(path)).isSymbolicLink()
            ? readlinkSync(at(path))
            : readFileSync(at(path), "utf8");
        return `${path} ${mode.toString(8)} ${isFolder ? "" : nlink} ${text}`;
      });
  let fresh: string[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "clean-"));
    layer = mkdtempSync(join(tmpdir(), "layer-"));
    mkdirSync(join(layer, "node_modules/tool/empty"), { recursive: true });
    writeFileSync(join(layer, "node_modules/tool/index.js"), "module.exports = 1;\n");
    symlinkSync("tool/index.js", join(layer, "node_modules/bin"));
    utimesSync(join(layer, "node_modules/tool/index.js"), 1_000, 2_000);
    await copyInto(layer, dir);
    put(tracked);
    folder = await keepClean(dir, piecesOf(tracked), null);
    fresh = look();
  });
  afterEach(() => {
    execFileSync("chmod", ["-R", "u+rwX", dir]);
    for (const path of [dir, layer]) rmSync(path, { recursive: true, force: true });
  });

  const hostile: [what: string, does: () => void][] = [
    [
      "a file is overwritten by as many bytes, and its times are set back",
      () => {
        const { atime, mtime } = statSync(at("src/a.js"));
        writeFileSync(at("src/a.js"), "export const a = 9;\n");
        utimesSync(at("src/a.js"), atime, mtime);
      },
    ],
    [
      "a file is replaced by another with the same times",
      () => {
        const { atime, mtime } = statSync(at("test/a.test.js"));
        writeFileSync(at("other"), "assert(a === 9);\n");
        utimesSync(at("other"), atime, mtime);
        renameSync(at("other"), at("test/a.test.js"));
      },
    ],
    [
      "an installed tool is changed in place",
      () => {
        writeFileSync(at("node_modules/tool/index.js"), "module.exports = 9;\n");
        utimesSync(at("node_modules/tool/index.js"), 1_000, 2_000);
      },
    ],
    ["an installed tool is removed", () => rmSync(at("node_modules"), { recursive: true })],
    ["an empty folder of the set-up is removed", () => rmSync(at("node_modules/tool/empty"), { recursive: true })],
    [
      "files are left behind",
      () => put({ "src/conftest.py": "x", "node_modules/tool/cache/1": "x", ".git/config": "x" }),
    ],
    ["a folder is closed against its owner", () => chmodSync(at("src/deep"), 0)],
    ["a left folder is closed against its owner", () => put({ "kept/x": "1" })],
    ["modes change", () => chmodSync(at("run.sh"), 0o644)],
    ["a second name for a file is left", () => linkSync(at("src/a.js"), at("src/c.js"))],
    [
      "a folder becomes a link to another",
      () => {
        renameSync(at("src"), at("moved"));
        symlinkSync("moved", at("src"));
      },
    ],
    [
      "a folder is made anew with other things in it",
      () => {
        rmSync(at("src"), { recursive: true });
        put({ "src/a.js": "export const a = 9;\n" });
      },
    ],
    [
      "a link leads elsewhere",
      () => {
        rmSync(at("link"));
        symlinkSync("/etc/passwd", at("link"));
      },
    ],
    [
      "a file becomes a pipe",
      () => {
        rmSync(at("src/a.js"));
        execFileSync("mkfifo", [at("src/a.js")]);
      },
    ],
  ];
  test.each(hostile)("%s: it is as new", async (_what, does) => {
    does();
    expect(await restore()).toBe(true);
    expect(look()).toEqual(fresh);
  });

  test("nothing tells what was read or mended: all change times are of now, those of the set-up's files as they were", async () => {
    readFileSync(at("src/deep/b.js"));
    writeFileSync(at("src/a.js"), "x");
    const before = Date.now();
    expect(await restore()).toBe(true);
    for (const path of [...Object.keys(tracked), "node_modules/tool/index.js"])
      expect(lstatSync(at(path)).ctimeMs).toBeGreaterThanOrEqual(before - 20);
    expect(statSync(at("node_modules/tool/index.js")).mtimeMs).toBe(2_000_000);
  });

  test("another tree is put there by what differs, and again after that", async () => {
    const inode = lstatSync(at("src/deep/b.js")).ino;
    const { "src/a.js": _gone, ...others } = tracked;
    const other = {
      ...others,
      "src/a.js/index.js": "now a folder\n",
      "test/a.test.js": "assert(true);\n",
      "new/x": "1",
    };
    expect(await restore(other)).toBe(true);
    expect(readFileSync(at("src/a.js/index.js"), "utf8")).toBe("now a folder\n");
    expect(readFileSync(at("test/a.test.js"), "utf8")).toBe("assert(true);\n");
    writeFileSync(at("new/y"), "left");
    expect(await restore()).toBe(true);
    expect(look()).toEqual(fresh);
    expect(lstatSync(at("src/deep/b.js")).ino).toBe(inode);
  });

  test("rules for new files that were laid onto a folder go with it", async () => {
    const inode = lstatSync(at("src")).ino;
    writeFileSync(at("src/x"), "");
    expect(await restore()).toBe(true);
    expect(lstatSync(at("src")).ino).not.toBe(inode);
    expect(look()).toEqual(fresh);
  });
});
