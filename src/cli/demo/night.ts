import type { Reply } from "../../local/model/script.ts";
import type { MessagesRequest } from "../../local/model/wire.ts";

/** What a role says in the nightly session; null in any other. */
export function playNight(_request: MessagesRequest): Reply | null {
  return null;
}
