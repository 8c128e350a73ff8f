import { posix } from "node:path";
import type { ContractDraft, Oracle } from "../domain/contract.ts";
import { places } from "../sandbox/places.ts";

/** The folder in which commands start, relative to the repository's root; empty for the root itself. */
export function normaliseFolder(path: string): string {
  const folder = posix.normalize(path).replace(/\/+$/, "");
  return folder === "." ? "" : folder;
}

/** Where commands start inside the walls. */
export function startPath(folder: string): string {
  return folder === "" ? places.workspace : `${places.workspace}/${folder}`;
}

/** A command that starts in a folder wherever it is run: contracts are frozen with it, so that no later input moves them. */
export function startIn(folder: string, command: string): string {
  if (folder === "") return command;
  const path = startPath(folder);
  return `cd ${/^[\w@%+:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`} || exit; ${command}`;
}

/** A draft whose oracles start in a folder; paths of files stay those of the repository. */
export function startDraftIn(folder: string, draft: ContractDraft): ContractDraft {
  if (folder === "") return draft;
  return { ...draft, criteria: draft.criteria.map((one) => ({ ...one, oracle: startOracleIn(folder, one.oracle) })) };
}

function startOracleIn(folder: string, oracle: Oracle): Oracle {
  if ("run" in oracle) return { ...oracle, run: startIn(folder, oracle.run).slice(0, 4_000) };
  return "start" in oracle ? { ...oracle, start: startIn(folder, oracle.start).slice(0, 4_000) } : oracle;
}
