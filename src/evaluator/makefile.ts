/** Whether a Makefile differs only by new targets, which no existing target can reach. */
export function onlyAddsTargets(base: string, head: string): boolean {
  const was = base.trimEnd();
  if (!head.startsWith(was)) return false;
  const known = new Set([...was.matchAll(/^([^\s#:=][^:=]*):(?!=)/gm)].flatMap((m) => m[1]!.trim().split(/\s+/)));
  return head
    .slice(was.length)
    .split("\n")
    .every((line) => {
      if (line.trim() === "" || line.startsWith("\t") || line.startsWith("#")) return true;
      const target = /^([\w./-]+(?:\s+[\w./-]+)*)\s*:(?![:=])/.exec(line);
      if (!target) return false;
      const names = target[1]!.split(/\s+/);
      return names[0] === ".PHONY" || names.every((name) => !name.startsWith(".") && !known.has(name));
    });
}
