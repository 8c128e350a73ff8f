/** Largest file that copy-out takes: 5 MB. */
export const maxFileBytes = 5_000_000;

/** Deepest path that copy-out takes, in folders. */
export const maxDepth = 100;

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

/** Why a name cannot be in a tree; null when it can. */
export function readNameRefusal(name: string): string | null {
  if (isDotGit(name)) return "a name that some file systems take for .git";
  if (name === "" || name === "." || name === "..") return "not a name";
  return null;
}

/**
 * Why a link cannot be in a tree; null when it can. `..` counts only at the front: after a folder it could climb
 * out through another link.
 */
export function readLinkRefusal(path: string, target: string): string | null {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (["gitmodules", "gitattributes", "gitignore"].some((word) => isDotName(name, word)))
    return "a link in place of a git file";
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
