import { readFileSync, realpathSync, statSync } from "node:fs";
import type { WallOption } from "./bubblewrap.ts";

const devices = ["null", "zero", "full", "random", "urandom", "tty"];
const deviceLinks = { fd: "/proc/self/fd", stdin: "fd/0", stdout: "fd/1", stderr: "fd/2", ptmx: "pts/ptmx" };

/** Flags of a mount: linux/mount.h. */
const flags = { readOnly: 1, noSuid: 2, noDev: 4, noExec: 8 };
const harmless = flags.noSuid | flags.noDev;

const escapeField = (text: string): string =>
  text.replace(/[%\s]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`);

/**
 * The mounts among the options of a wall, in their order: one a line, as kind, place, what is shown there, flags and data.
 * A `file` and a `folder` are shown, a `new` file system is made, a `dir` and a `link` lie on the root itself.
 */
export function planTable(options: readonly WallOption[]): string {
  const lines: string[] = [];
  const line = (kind: string, to: string, from = "", flag = 0, data = ""): void =>
    void lines.push([kind, to, from, String(flag), data].map(escapeField).join(" "));
  const isNoexec = readNoexec();
  let size = "0";
  let mode = "0755";
  for (const { flag, values } of options) {
    const [one = "", two = ""] = values;
    if (flag === "--size") size = one;
    else if (flag === "--perms") mode = one;
    else if (flag === "--dir") line("dir", one);
    else if (flag === "--symlink") line("link", two, one);
    else if (flag === "--tmpfs")
      line("new", one, "tmpfs", harmless, `${size === "0" ? "" : `size=${size},`}mode=${mode}`);
    else if (flag === "--ro-bind" || flag === "--bind") {
      const kept = harmless | (isNoexec(one) ? flags.noExec : 0);
      line(isFolder(one) ? "folder" : "file", two, one, kept | (flag === "--bind" ? 0 : flags.readOnly));
    } else if (flag === "--proc") line("new", one, "proc", harmless | flags.noExec);
    else if (flag === "--dev") {
      for (const name of devices) line("file", `${one}/${name}`, `/dev/${name}`);
      for (const [name, target] of Object.entries(deviceLinks)) line("link", `${one}/${name}`, target);
      line("new", `${one}/pts`, "devpts", flags.noSuid | flags.noExec, "newinstance,ptmxmode=0666,mode=620");
    }
  }
  return lines.join("\n");
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Tells whether a path lies on a file system without execution: the kernel lets nobody take that away in a namespace. */
function readNoexec(): (path: string) => boolean {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter((fields) => fields.length > 5)
    .map(([, , , , at = "", how = ""]) => ({
      at: at.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
      noexec: how.split(",").includes("noexec"),
    }));
  // the last of two in one place covers the other
  mounts.sort((a, b) => a.at.length - b.at.length);
  return (path) => {
    let real = path;
    try {
      real = realpathSync(path);
    } catch {
      // the mount itself says what is wrong
    }
    return mounts.findLast(({ at }) => at === "/" || real === at || real.startsWith(`${at}/`))?.noexec === true;
  };
}
