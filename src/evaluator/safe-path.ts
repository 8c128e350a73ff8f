/** Why a path must not be used inside a work tree, or null when it is a plain relative path. */
export function unsafePath(path: string): string | null {
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "is absolute";
  if (path.includes("\\")) return "contains a backslash";
  if (/[\u0000-\u001f\u007f]/.test(path)) return "contains a control character";
  const parts = path.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) return "is not a plain relative path";
  if (parts.some((part) => /^\.git$/i.test(part))) return "is inside a git directory";
  if (parts[0] === ".baton") return "is inside .baton";
  if (parts.includes("node_modules")) return "is inside node_modules";
  return null;
}
