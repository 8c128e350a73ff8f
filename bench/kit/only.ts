/** What `--only=a,b` asks for: whether a name is among it; without the option every name is. */
export function readOnly(args: readonly string[]): (name: string) => boolean {
  const found = args.find((arg) => arg.startsWith("--only="))?.slice("--only=".length);
  const names = found?.split(",");
  return (name) => names === undefined || names.includes(name);
}
