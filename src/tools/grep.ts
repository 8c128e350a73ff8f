import { z } from "zod";
import type { Tool } from "../domain/tool.ts";
import type { FileDoor } from "../sandbox/file-door.ts";
import { outcomeOf } from "./answer.ts";

const Input = z.strictObject({
  pattern: z.string().min(1).max(1_000),
  path: z.string().optional(),
  glob: z.string().optional(),
});
type Input = z.infer<typeof Input>;

/** Lines that fit a regular expression. */
export function createGrepTool(files: FileDoor): Tool<Input> {
  return {
    name: "grep",
    description:
      "Search file contents by JavaScript regular expression; at most 100 lines as path:line:text. Skips .git and node_modules unless path or glob names them.",
    schema: Input,
    repeatable: true,
    run: async (input) => outcomeOf(await files.grep(input)),
  };
}
