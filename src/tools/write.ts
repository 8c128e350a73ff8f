import { z } from "zod";
import type { Tool } from "../domain/tool.ts";
import type { FileDoor } from "../sandbox/file-door.ts";
import { guardWith, outcomeOf, type ProtectedBy } from "./answer.ts";

const Input = z.strictObject({ path: z.string(), content: z.string() });
type Input = z.infer<typeof Input>;

/** Writes a new file, or one that was read and has not changed. */
export function createWriteTool(files: FileDoor, protectedBy: ProtectedBy): Tool<Input> {
  return {
    name: "write",
    description:
      "Create a file with its directories, or overwrite one that you have read and that has not changed since. Prefer edit for existing files.",
    schema: Input,
    repeatable: false,
    run: async (input) => outcomeOf(await files.write(input, guardWith(protectedBy))),
  };
}
