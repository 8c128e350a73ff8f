import type { Event } from "../domain/event.ts";
import { renderMessages } from "./context.ts";
import { messageBytes, promptBytes } from "./request.ts";
import { readTranscript, type Transcript } from "./transcript.ts";
import { promptTokensOf } from "./usage.ts";
import { bytesPerToken, type Message } from "./wire.ts";

/** Tokens that the API adds itself for tool use, at most (vendor's table: up to about 600), with room. */
export const hiddenPromptTokens = 1_024;

export interface PromptSize {
  /** No request with these messages has more prompt tokens: one token is at least one UTF-8 byte. */
  bound: number;
  /** What it probably has. */
  estimate: number;
  /** UTF-8 bytes of tools, system and messages as JSON. */
  bytes: number;
}

/** Bounds the prompt: the last reported prompt plus the bytes added since, or, before the first reply, all bytes; plus a reserve. */
export function measurePrompt(
  events: readonly Event[],
  transcript: Transcript,
  messages: readonly Message[],
): PromptSize {
  const opened = transcript.opened;
  const all = promptBytes(opened?.system ?? "", opened?.tools ?? [], messages);
  const whole = { bound: all + hiddenPromptTokens, estimate: Math.ceil(all / bytesPerToken), bytes: all };
  const last = events.findLastIndex((event) => event.type === "reply_received");
  const reply = events[last];
  if (reply?.type !== "reply_received") return whole;
  const reported = promptTokensOf(reply.data.usage);
  if (reported === 0) return whole;
  const bytes = Math.max(0, all - bytesBefore(events, last, () => all - messageBytes(messages)));
  // Thinking may be sent back shorter than it was: what the answer cost as output, it may cost as input again.
  const added = Math.max(bytes, reply.data.usage.output) + replacedBytes(events, last);
  return {
    bound: Math.min(whole.bound, reported + added + hiddenPromptTokens),
    estimate: Math.min(whole.estimate, reported + Math.ceil(added / bytesPerToken)),
    bytes: all,
  };
}

/** Bytes of the prompt that the reply at `last` answered: as recorded, unless something in it was replaced since. */
function bytesBefore(events: readonly Event[], last: number, prefixBytes: () => number): number {
  const sent = events.findLastIndex((event, at) => at < last && event.type === "request_sent");
  const request = events[sent];
  const isEdited = events.slice(sent).some(isEdit);
  if (request?.type === "request_sent" && !isEdited) return request.data.prompt_bytes;
  return prefixBytes() + messageBytes(messagesBefore(events, last));
}

function isEdit({ type }: Event): boolean {
  return type === "outputs_cleared" || type === "transcript_repaired";
}

/** The messages that the reply at `last` answered, with what was cleared or stripped later already gone: only additions count. */
function messagesBefore(events: readonly Event[], last: number): Message[] {
  const before = events.slice(0, last).filter((event) => !isEdit(event));
  return renderMessages(readTranscript([...before, ...events.filter(isEdit)]));
}

function replacedBytes(events: readonly Event[], last: number): number {
  return events.slice(last + 1).reduce((sum, event) => {
    if (event.type !== "outputs_cleared") return sum;
    return (
      sum +
      event.data.calls.reduce((bytes, { replacement }) => bytes + Buffer.byteLength(JSON.stringify(replacement)), 0)
    );
  }, 0);
}
