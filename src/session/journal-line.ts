import { type Event, type EventType, eventSchemas, Role } from "../domain/event.ts";
import { sha256 } from "../domain/hash.ts";
import { fillStrings } from "./blobs.ts";

/** What `prev` of the first line says. */
export const genesis = "0".repeat(64);

/** A line as it is stored: the event's head, its type and data, long strings spilled. */
export interface StoredLine {
  v: number;
  seq: number;
  at: string;
  epoch: number;
  role: Role;
  prev: string;
  type: string;
  data: unknown;
}

const sumPattern = /^,"sum":"([0-9a-f]{16})"\}$/;
const sumLength = ',"sum":"0123456789abcdef"}'.length;

/** Text of one line, without its line feed; the sum at its end covers everything before it. */
export function renderLine(line: StoredLine): string {
  const body = JSON.stringify(line);
  return `${body.slice(0, -1)},"sum":"${sha256(body).slice(0, 16)}"}`;
}

/** Reads a line and checks its sum; the reason when it is not whole. */
export function readLine(text: string): { kind: "line"; line: StoredLine } | { kind: "damaged"; reason: string } {
  const found = sumPattern.exec(text.slice(-sumLength));
  if (!found) return { kind: "damaged", reason: "the line has no sum" };
  const body = `${text.slice(0, -sumLength)}}`;
  if (sha256(body).slice(0, 16) !== found[1])
    return { kind: "damaged", reason: "the line's sum does not fit its content" };
  try {
    return { kind: "line", line: JSON.parse(body) as StoredLine };
  } catch {
    return { kind: "damaged", reason: "the line is not JSON" };
  }
}

/** The event of a stored line; null for a type that this Baton does not know. Without `getBlob` nothing was spilled. Throws when its data does not fit. */
export function readEvent(line: StoredLine, getBlob: ((id: string) => string | null) | null): Event | null {
  if (!isKnownType(line.type)) return null;
  const data = eventSchemas[line.type].parse(getBlob ? fillStrings(line.data, getBlob) : line.data);
  const { seq, at, epoch, prev } = line;
  return { v: 1, seq, at, epoch, role: Role.parse(line.role), prev, type: line.type, data } as Event;
}

/** Whether this Baton knows the type; newer ones are kept and skipped. */
export function isKnownType(type: string): type is EventType {
  return Object.hasOwn(eventSchemas, type);
}
