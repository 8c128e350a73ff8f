import type { Role, ScriptMemory } from "./script.ts";

/** The server's side of a script's memory. */
export interface OwnedMemory extends ScriptMemory {
  countRequest(): void;
  countReply(role: Role): void;
}

/** Opens an empty memory. */
export function createScriptMemory(): OwnedMemory {
  const boxes = new Map<string, unknown>();
  const replies = new Map<Role, number>();
  let requests = 0;
  return {
    get requests() {
      return requests;
    },
    replies: (role) => replies.get(role) ?? 0,
    box<T>(key: string, create: () => T): T {
      if (!boxes.has(key)) boxes.set(key, create());
      return boxes.get(key) as T;
    },
    countRequest: () => {
      requests += 1;
    },
    countReply: (role) => {
      replies.set(role, (replies.get(role) ?? 0) + 1);
    },
  };
}
