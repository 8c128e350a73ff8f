import type { BareRepository } from "./bare-repository.ts";
import { pushFiles } from "./bare-repository.ts";

/** Damages a session on the remote: the middle of its journal says something else now, and its state file is cut in half. */
export async function damageSession(bare: BareRepository, ref: string, what: "journal" | "both"): Promise<string> {
  const segments = (await bare.git(["ls-tree", "--name-only", ref, "session/journal/"])).split("\n");
  const path = segments[0] ?? "";
  const lines = (await bare.git(["show", `${ref}:${path}`])).split("\n");
  const middle = Math.floor(lines.length / 2);
  lines[middle] = (lines[middle] ?? "").replace(/"seq":\d+/, '"seq":0');
  const state = await bare.git(["show", `${ref}:session/state.json`]);
  await pushFiles(bare, ref, {
    [path]: `${lines.join("\n")}\n`,
    ...(what === "both" ? { "session/state.json": state.slice(0, state.length / 2) } : {}),
  });
  return `line ${middle + 1} of ${path} is changed${what === "both" ? ", and session/state.json is cut in half" : ""}`;
}
