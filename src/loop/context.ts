import type { Event } from "../domain/event.ts";
import { type Note, type Result, readTranscript, type Transcript, type Turn } from "./transcript.ts";
import type { Block, Message } from "./wire.ts";

/** What the model is told about a call whose effects nobody saw. */
export const interruptedText =
  "Interrupted before a result was recorded; effects unknown. Look at the workspace before you repeat it.";

/** Tag around what Baton itself says in a conversation; it is taken out of everything else. */
export const batonTag = "from-baton";

/** The messages of one context, computed from its recorded events alone: the same events give the same bytes. */
export function buildMessages(events: readonly Event[]): Message[] {
  return renderMessages(readTranscript(events));
}

/** As `buildMessages`, for a transcript already read. */
export function renderMessages(transcript: Transcript): Message[] {
  if (!transcript.opened) return [];
  const first: Block[] = [{ type: "text", text: transcript.opened.first_message.toWellFormed() }];
  const messages: Message[] = [{ role: "user", content: [...first, ...transcript.openingNotes.map(renderNote)] }];
  for (const turn of transcript.turns) {
    if (turn.content.length > 0) pushAssistant(messages, turn.content);
    const content = renderAnswer(turn, transcript);
    // After an empty answer this is a second user message in a row, on purpose: text put next to tool results makes
    // models answer with nothing again (vendor's guide on stop reasons).
    if (content.length > 0) messages.push({ role: "user", content });
  }
  return messages;
}

function pushAssistant(messages: Message[], content: Block[]): void {
  const last = messages.at(-1);
  if (last?.role === "assistant") last.content.push(...content);
  else messages.push({ role: "assistant", content: [...content] });
}

function renderAnswer(turn: Turn, transcript: Transcript): Block[] {
  if (turn.calls.length === 0) return turn.notes.map(renderNote);
  return turn.calls.map(({ call, id }, at) => {
    const { content, isError } = resultOf(turn, transcript, call);
    const tail = at === turn.calls.length - 1 ? turn.notes.map((note) => `\n\n${wrapNote(note)}`).join("") : "";
    const text = `${content}${tail}`.trim() === "" ? "(no output)" : `${content}${tail}`;
    return {
      type: "tool_result",
      tool_use_id: id,
      content: [{ type: "text", text }],
      ...(isError ? { is_error: true } : {}),
    };
  });
}

function resultOf(turn: Turn, transcript: Transcript, call: string): Result {
  const finished = turn.finished.get(call);
  if (!finished) return { content: interruptedText, isError: true };
  const cleared = transcript.cleared.get(call);
  return { content: neutralise(cleared ?? finished.content).toWellFormed(), isError: finished.is_error };
}

/** Takes Baton's own tag out of text that others wrote, so that nothing but Baton can speak as Baton. */
export function neutralise(text: string): string {
  return text.replaceAll(new RegExp(`<(/?)${batonTag}`, "gi"), `< $1${batonTag}`);
}

function renderNote(note: Note): Block {
  return { type: "text", text: wrapNote(note) };
}

function wrapNote(note: Note): string {
  return `<${batonTag}>\n${note.text.toWellFormed()}\n</${batonTag}>`;
}
