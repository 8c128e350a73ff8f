import { z } from "zod";
import type { Tool } from "../domain/tool.ts";

/** Characters kept of one entry: the whole note is to stay below 900 tokens. Longer ones are cut, not refused. */
const maxEntry = 400;
const because = z.array(z.strictObject({ what: z.string(), why: z.string() }));
const list = z.array(z.string());

// What a note leaves out is empty: a last word must not be lost for a missing list.
const Input = z.strictObject({
  done: list.default([]),
  in_progress: z.string().default(""),
  next_steps: list.default([]),
  decisions: because.default([]),
  tried_and_failed: because.default([]),
  gotchas: list.default([]),
  questions_for_human: list.default([]),
});
type Input = z.infer<typeof Input>;

/** The note to the next context, which knows nothing else of this one. */
export function createHandoffTool(): Tool<Input> {
  return {
    name: "handoff",
    description:
      "Leave the note from which another engineer goes on without this conversation. Only what the repository and contract do not show; mark guesses; next_steps name file:line or command.",
    schema: Input,
    repeatable: true,
    run: async (note) => ({ content: "Noted.", isError: false, signal: { kind: "handoff", note: shorten(note) } }),
  };
}

const cut = (text: string): string => (text.length > maxEntry ? `${text.slice(0, maxEntry)}…` : text);
const cutBoth = ({ what, why }: { what: string; why: string }): { what: string; why: string } => ({
  what: cut(what),
  why: cut(why),
});

function shorten(note: Input): Input {
  return {
    done: note.done.slice(0, 8).map(cut),
    in_progress: cut(note.in_progress),
    next_steps: note.next_steps.slice(0, 6).map(cut),
    decisions: note.decisions.slice(0, 8).map(cutBoth),
    tried_and_failed: note.tried_and_failed.slice(0, 8).map(cutBoth),
    gotchas: note.gotchas.slice(0, 6).map(cut),
    questions_for_human: note.questions_for_human.slice(0, 6).map(cut),
  };
}
