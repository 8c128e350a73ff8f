import { z } from "zod";
import type { Tool } from "../domain/tool.ts";
import type { FileDoor } from "../sandbox/file-door.ts";
import { outcomeOf } from "./answer.ts";

const Input = z.strictObject({
  path: z.string(),
  start: z.int().min(1).max(10_000_000).optional().describe("First line, from 1"),
  lines: z.int().min(1).max(2_000).optional(),
});
type Input = z.infer<typeof Input>;

/** Numbered lines of a file. */
export function createReadTool(files: FileDoor): Tool<Input> {
  return {
    name: "read",
    description: "Read a text file as numbered lines: 400 by default, at most 20 KB. Relative paths are in /workspace.",
    schema: Input,
    repeatable: true,
    run: async (input) => outcomeOf(await files.read(input)),
  };
}
