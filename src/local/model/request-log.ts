import type { IncomingMessage } from "node:http";
import type { Fault, Reply, Role } from "./script.ts";
import type { MessagesRequest, WireUsage } from "./wire.ts";

/** One request and what became of it. */
export interface LoggedRequest {
  number: number;
  at: number;
  path: string;
  headers: Record<string, string | string[] | undefined>;
  /** Null for what was no message request, and in old entries: see `keepBodies`. */
  body: MessagesRequest | null;
  role: Role | null;
  /** Status of the answer; 0 when the socket was cut before any. */
  status: number;
  error: string | null;
  fault: Fault["kind"] | null;
  /** What was charged for; null when nothing was. */
  usage: WireUsage | null;
  reply: Reply | null;
  /** False when the client saw only part of the answer. */
  complete: boolean;
  /** Milliseconds of the real clock from arrival to the end of the answer. */
  durationMs: number;
  /** Milliseconds of it that the script or the latency asked for: the rest is the server's own. */
  waitedMs: number;
}

/** Opens the entry of a request that has just arrived; bodies older than the newest `keepBodies` are let go. */
export function openEntry(
  log: LoggedRequest[],
  request: IncomingMessage,
  at: number,
  keepBodies: number,
): LoggedRequest {
  const entry: LoggedRequest = {
    ...{ number: log.length + 1, at, path: request.url ?? "/", headers: request.headers },
    ...{ body: null, role: null, status: 0, error: null, fault: null, usage: null, reply: null },
    ...{ complete: false, durationMs: 0, waitedMs: 0 },
  };
  log.push(entry);
  const old = log[log.length - 1 - keepBodies];
  if (old) old.body = null;
  return entry;
}
