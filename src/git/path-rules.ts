/** Largest file that copy-out takes: 5 MB. */
export const maxFileBytes = 5_000_000;

/**
 * Most that copy-out takes of new and changed files together: 200 MB. GitHub takes pushes of up to 2 GB, and each turn's
 * checkpoint is one (docs.github.com, "Repository limits").
 */
export const maxAddedBytes = 200_000_000;

/** Deepest path that copy-out takes, in folders. */
export const maxDepth = 100;

/** Longest path that copy-out takes, bytes: with the folder it is checked out to, it has to stay below Linux's PATH_MAX of 4,096. */
export const maxPathBytes = 3_000;

// Code points that HFS+ ignores in names, so that `.g\u200cit` is `.git` there (git's utf8.c, is_hfs_dotgit).
const ignorable = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** Whether some file system would take this name for `.git`: HFS+ (ignorables, case) and NTFS (`git~1`, dots, streams). */
export function isDotGit(name: string): boolean {
  return isDotName(name, "git", "git~1");
}

/** Whether some file system would take this name for the dot file, such as `.gitmodules`. */
export function isDotName(name: string, word: string, shortName?: string): boolean {
  const folded = name.replace(ignorable, "").normalize("NFKC").toLowerCase();
  const base = folded.replace(/:.*$/s, "").replace(/[. ]+$/, "");
  return base === `.${word}` || (shortName !== undefined && base === shortName);
}

/** Names with the same fold are one name on some file system: case, Unicode form and ignorables do not count. */
export function foldName(name: string): string {
  return name.replace(ignorable, "").normalize("NFKC").toLowerCase().toUpperCase().normalize("NFC");
}

/** The path as a protective rule must also see it: ignorables, Unicode form, trailing dots and streams undone. */
export function plainPath(path: string): string {
  return path
    .split("/")
    .map((name) => {
      const plain = name.replace(ignorable, "").normalize("NFKC");
      return plain.replace(/::?\$.*$/s, "").replace(/(?<=[^. ])[. ]+$/, "");
    })
    .join("/");
}

// What NTFS makes of `.gitmodules` and its like: `GITMOD~1`, or `GI7EBA~1` (git's path.c, is_ntfs_dot_generic).
const shortGitName = /^gi[0-9a-z]{0,4}~\d+[. ]*(?::|$)/i;

/** Why a name cannot be in a tree; null when it can. Git itself takes no tree with the first two. */
export function readNameRefusal(name: string): string | null {
  if (name.split("\\").some(isDotGit)) return "a name that some file systems take for .git";
  if (shortGitName.test(name)) return "a name that some file systems take for a git file";
  if (name === "" || name === "." || name === "..") return "not a name";
  return null;
}

/** Whether a folder of this name would stand where git looks for a file of its own: remotes take no tree with one. */
export function isGitFile(name: string): boolean {
  return ["gitmodules", "gitattributes"].some((word) => isDotName(name, word));
}

/**
 * Why a link cannot be in a tree; null when it can. `..` counts only at the front: after a folder it could climb
 * out through another link.
 */
export function readLinkRefusal(path: string, target: string): string | null {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (isGitFile(name) || isDotName(name, "gitignore")) return "a link in place of a git file";
  if (target.startsWith("/") || /^[A-Za-z]:/.test(target) || target.includes("\\")) return "a link to an absolute path";
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const up = parts.findIndex((part) => part !== "..");
  const climbs = up < 0 ? parts.length : up;
  const depth = path.split("/").length - 1;
  if (climbs > depth) return "a link that leaves the tree";
  if (parts.slice(climbs).includes("..")) return "a link that climbs after a folder";
  if (parts.some(isDotGit)) return "a link into .git";
  return null;
}
