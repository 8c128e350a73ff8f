import type { RequestRecord } from "./serve.ts";
import type { World } from "./world.ts";

/** The HTML page of a path, or null when there is none. */
export async function renderPage(_world: World, _path: string, _log: readonly RequestRecord[]): Promise<string | null> {
  return null;
}
