import { HandoffNoteData } from "../domain/event.ts";
import type { Handoff } from "./spec.ts";
import type { Transcript } from "./transcript.ts";
import { estimateTokens } from "./wire.ts";

/** Tokens of the model's part of a handoff, at most. */
export const maxNoteTokens = 900;

/** Cuts a note to its 900 tokens: the least needed lists give way first. */
export function capNote(note: Handoff): Handoff {
  const capped = structuredClone(note);
  const lists = [
    capped.decisions,
    capped.done,
    capped.gotchas,
    capped.tried_and_failed,
    capped.next_steps,
    capped.questions_for_human,
  ];
  while (estimateTokens(JSON.stringify(capped)) > maxNoteTokens) {
    const longest = lists.find((list) => list.length > 1) ?? lists.find((list) => list.length > 0);
    if (longest) longest.pop();
    else capped.in_progress = capped.in_progress.slice(0, Math.floor(capped.in_progress.length / 2));
  }
  return capped;
}

/** The harness's own facts of a context, read from its events: commands with exits, files written, last errors. */
export interface MachineFacts {
  worked: { command: string; exit: number }[];
  failing: { command: string; exit: number }[];
  written: string[];
  errors: string[];
}

/** Reads the machine part of a handoff. Pure; newest last. */
export function readMachineFacts(transcript: Transcript): MachineFacts {
  const last = new Map<string, number>();
  const written = new Set<string>();
  const errors: string[] = [];
  for (const turn of transcript.turns) {
    for (const { call, name, input } of turn.calls) {
      const finished = turn.finished.get(call);
      if (!finished) continue;
      const fields = (input ?? {}) as Record<string, unknown>;
      const isWrite = (name === "write" || name === "edit") && !finished.is_error;
      if (isWrite && typeof fields.path === "string") written.add(fields.path);
      if (name === "bash" && typeof finished.exit === "number" && typeof fields.command === "string") {
        const command = fields.command.replaceAll(/\s+/g, " ").slice(0, 160);
        last.delete(command);
        last.set(command, finished.exit);
      }
      if (finished.is_error) errors.push(finished.content.replaceAll(/\s+/g, " ").slice(0, 200));
    }
  }
  const commands = [...last].map(([command, exit]) => ({ command, exit }));
  return {
    worked: commands.filter(({ exit }) => exit === 0).slice(-6),
    failing: commands.filter(({ exit }) => exit !== 0).slice(-4),
    written: [...written].slice(-20),
    errors: errors.slice(-3),
  };
}

/** A handoff without the model: what the journal shows, when no wind-down could be paid or it failed. */
export function emergencyNote(transcript: Transcript, reason: string): Handoff {
  const facts = readMachineFacts(transcript);
  return capNote(
    HandoffNoteData.parse({
      in_progress: `The context ended before a note could be written (${reason}). This part is from the journal alone.`,
      done: facts.written.map((path) => `changed ${path}`),
      next_steps: facts.failing.map(({ command, exit }) => `look again at: ${command} (exit ${exit})`),
      gotchas: facts.errors.map((text) => `recent tool error: ${text}`),
    }),
  );
}

/** A note as the next context reads it; facts of the harness first. Empty without anything to say. */
export function renderHandoff(note: Handoff | null, facts: readonly string[] = []): string {
  const lines = facts.map((fact) => `- ${fact}`);
  if (note) {
    const list = (title: string, items: readonly string[]): void => {
      if (items.length > 0) lines.push(`${title}:`, ...items.map((item) => `- ${item}`));
    };
    const because = (items: Handoff["decisions"]): string[] => items.map(({ what, why }) => `${what} — because ${why}`);
    list("Done", note.done);
    if (note.in_progress) lines.push(`In progress: ${note.in_progress}`);
    list("Next steps", note.next_steps);
    list("Decided", because(note.decisions));
    list("Tried and failed (do not repeat)", because(note.tried_and_failed));
    list("Gotchas", note.gotchas);
    list("Open questions", note.questions_for_human);
  }
  return lines.join("\n");
}
