import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Confine } from "../../src/sandbox/inside/confine.ts";
import { Refusal } from "../../src/sandbox/inside/protocol.ts";
import { readNumbered } from "../../src/sandbox/inside/read-file.ts";
import { writeWhole } from "../../src/sandbox/inside/write-file.ts";

const forms: ((target: string) => string)[] = [
  (target) => target,
  (target) => `${target}/`,
  (target) => `${target}/.`,
  (target) => target.replace("/", "//"),
  (target) => `/workspace/..${target}`,
  (target) => `/workspace/a/../..${target}`,
  (target) => `..${target}`,
  (target) => `../..${target}`,
  (target) => `./a/../../..${target}`,
  (target) => `/tmp/..${target}`,
  (target) => `/home/baton/../..${target}`,
  (target) => `/outputs/..${target}`,
  (target) => `/workspace/../workspace/../..${target}`,
  (target) => `../../../../../../../../../..${target}`,
  (target) => `/./${target.slice(1)}`,
  (target) => `/proc/self/root${target}`,
  (target) => `/proc/1/root${target}`,
  (target) => `/proc/self/cwd/../..${target}`,
];

/** The four places and one outside, as real directories: the rules are the same as over the walls. */
function openPlaces(): { root: string; outside: string; confine: Confine } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "baton-places-")));
  for (const name of ["w", "h", "o", "t", "outside"]) mkdirSync(join(root, name));
  mkdirSync(join(root, "w/a"));
  const confine = new Confine({
    workspace: join(root, "w"),
    home: join(root, "h"),
    outputs: join(root, "o"),
    tmp: join(root, "t"),
  });
  return { root, outside: join(root, "outside"), confine };
}

/** Does something first, then gives the value. */
const after = (work: () => void, value: string): string => {
  work();
  return value;
};

const refusal = (work: () => unknown): string | null => {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
};

describe("paths and links that lead out are refused before anything is read or written", () => {
  const places = openPlaces();
  const { root, outside, confine } = places;
  const secret = join(outside, "secret");
  beforeAll(() => {
    writeFileSync(secret, "canary");
    writeFileSync(join(root, "w/a/file"), "mine\n");
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const targets = [
    secret,
    outside,
    "/etc/passwd",
    "/proc/self/environ",
    "/proc/1/environ",
    "/dev/null",
    "/dev/sda",
    "/run/secret",
    "/sys/kernel",
    "/root/.ssh/id_rsa",
    "/var/lib/x",
  ];
  const cases = targets.flatMap((target) => forms.map((form) => form(target)));

  test(`${cases.length} spellings of outside paths are neither read nor written`, () => {
    for (const path of cases) {
      expect(
        refusal(() => readNumbered(confine, { path })),
        `read ${path}`,
      ).not.toBeNull();
      expect(
        refusal(() => writeWhole(confine, { path, content: "x", seen: null })),
        `write ${path}`,
      ).not.toBeNull();
    }
    expect(readFileSync(secret, "utf8")).toBe("canary");
  });

  const linkNames = [
    "plain",
    "with space",
    "ünïcode",
    ".hidden",
    "-dash",
    "a:b",
    "new\nline",
    "tab\tname",
    "quote'",
    "dollar$",
    "back\\slash",
    "*star",
  ];
  const ways: [string, (name: string) => string][] = [
    ["a link to the file", (name) => after(() => symlinkSync(secret, join(root, "w", name)), name)],
    ["a link to its directory", (name) => after(() => symlinkSync(outside, join(root, "w", name)), `${name}/secret`)],
    ["a relative link", (name) => after(() => symlinkSync("../outside/secret", join(root, "w", name)), name)],
    [
      "a chain of links",
      (name) => {
        symlinkSync(`${name}.2`, join(root, "w", name));
        return after(() => symlinkSync(secret, join(root, "w", `${name}.2`)), name);
      },
    ],
    ["a link to the root", (name) => after(() => symlinkSync("/", join(root, "w", name)), `${name}${secret}`)],
    [
      "a link and dots",
      (name) => after(() => symlinkSync(join(outside), join(root, "w", name)), `${name}/../outside/secret`),
    ],
    [
      "a link to a new file outside",
      (name) => after(() => symlinkSync(join(outside, "new"), join(root, "w", name)), name),
    ],
    ["a loop", (name) => after(() => symlinkSync(name, join(root, "w", name)), name)],
    [
      "a link to /proc/self/root",
      (name) => after(() => symlinkSync(`/proc/self/root${outside}`, join(root, "w", name)), `${name}/secret`),
    ],
    ["a link to a descriptor", (name) => after(() => symlinkSync("/proc/self/fd/0", join(root, "w", name)), name)],
  ];
  test(`${linkNames.length * ways.length} links in the work tree are not followed out of it`, () => {
    for (const [how, make] of ways) {
      for (const [index, base] of linkNames.entries()) {
        const path = make(`${base}-${index}-${how.replaceAll(/\W/g, "")}`);
        const read = refusal(() => readNumbered(confine, { path }));
        const write = refusal(() => writeWhole(confine, { path, content: "x", seen: null }));
        if (how !== "a link and dots") expect(read, `${how}: ${path}`).not.toBeNull();
        expect(write === null && how !== "a link and dots" ? path : null, `${how}: ${path}`).toBeNull();
      }
    }
    expect(readFileSync(secret, "utf8")).toBe("canary");
    expect(existsSync(join(outside, "new"))).toBe(false);
  });

  test("empty, endless and binary names are refused", () => {
    for (const path of [
      "",
      "a\0b",
      "x".repeat(5_000),
      `${"d/".repeat(3_000)}f`,
      "a/file/below",
      ".",
      "/",
      "..",
      "/workspace",
      "a/",
    ]) {
      expect(
        refusal(() => writeWhole(confine, { path, content: "x", seen: null })),
        path.slice(0, 20),
      ).not.toBeNull();
    }
  });

  test("links that stay inside work, and write through them changes their target", () => {
    symlinkSync("a/file", join(root, "w/inside-link"));
    const read = readNumbered(confine, { path: "inside-link" });
    expect(read).toMatchObject({ kind: "ok", path: "a/file", text: "1\tmine" });
    writeWhole(confine, { path: "inside-link", content: "changed\n", seen: read.kind === "ok" ? read.sha! : null });
    expect(readFileSync(join(root, "w/a/file"), "utf8")).toBe("changed\n");
  });

  test("a hard link is replaced and not written through", () => {
    linkSync(secret, join(root, "w/hard"));
    const read = readNumbered(confine, { path: "hard" });
    writeWhole(confine, { path: "hard", content: "new", seen: read.kind === "ok" ? read.sha! : null });
    expect(readFileSync(secret, "utf8")).toBe("canary");
  });

  test("outputs can be read and not written", () => {
    writeFileSync(join(root, "o/0001-1.log"), "line\n");
    expect(readNumbered(confine, { path: join(root, "o/0001-1.log") })).toMatchObject({ kind: "ok", text: "1\tline" });
    expect(refusal(() => writeWhole(confine, { path: join(root, "o/x"), content: "x", seen: null }))).toContain(
      "cannot be written",
    );
  });

  test("a directory swapped for a link between the check and the write changes nothing outside", () => {
    mkdirSync(join(root, "w/swap"));
    const place = confine.target("swap/new.txt", true);
    rmSync(join(root, "w/swap"), { recursive: true });
    symlinkSync(outside, join(root, "w/swap"));
    expect(() => writeFileSync(`/proc/self/fd/${place.dirFd}/new.txt`, "x", { flag: "wx" })).toThrow();
    closeSync(place.dirFd!);
    expect(existsSync(join(outside, "new.txt"))).toBe(false);
  });
});
