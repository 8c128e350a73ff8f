import type { Listed } from "./parts.ts";

/** What `--only=a,b` asks for: whether a name is among it; without the option every name is. */
export function readOnly(args: readonly string[]): (name: string) => boolean {
  const found = args.find((arg) => arg.startsWith("--only="))?.slice("--only=".length);
  const names = found?.split(",");
  return (name) => names === undefined || names.includes(name);
}

/** Why `--only` cannot be followed; null when it can. */
export function explainOnly(only: string, chosen: readonly Listed[]): string | null {
  const [one, ...others] = chosen;
  if (!one || others.length > 0) return "--only chooses among the cases of one part: name that part.";
  const cases = "broken" in one ? [] : (one.part.cases ?? []);
  if (cases.length === 0) return `${one.name} has no cases that --only could choose from.`;
  const unknown = only.split(",").filter((name) => !cases.includes(name));
  return unknown.length === 0 ? null : `${one.name} has no case ${unknown.join(", ")}. Cases: ${cases.join(", ")}`;
}
