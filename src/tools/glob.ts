import { z } from "zod";
import type { Tool } from "../domain/tool.ts";
import type { FileDoor } from "../sandbox/file-door.ts";
import { outcomeOf } from "./answer.ts";

const Input = z.strictObject({ pattern: z.string().min(1).max(500) });
type Input = z.infer<typeof Input>;

/** Paths that fit a glob. */
export function createGlobTool(files: FileDoor): Tool<Input> {
  return {
    name: "glob",
    description: "List files by glob, such as src/**/*.ts; at most 200. Skips .git and node_modules unless named.",
    schema: Input,
    repeatable: true,
    run: async (input) => outcomeOf(await files.glob(input)),
  };
}
