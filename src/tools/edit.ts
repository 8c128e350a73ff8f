import { z } from "zod";
import type { Tool } from "../domain/tool.ts";
import type { FileDoor } from "../sandbox/file-door.ts";
import { guardWith, outcomeOf, type ProtectedBy } from "./answer.ts";

const Input = z.strictObject({
  path: z.string(),
  old: z.string().min(1),
  new: z.string(),
  expect_count: z.int().min(1).max(1_000).optional(),
});
type Input = z.infer<typeof Input>;

/** Replaces text at exactly the expected number of places. */
export function createEditTool(files: FileDoor, protectedBy: ProtectedBy): Tool<Input> {
  return {
    name: "edit",
    description:
      "Replace old by new in a file. old must be found exactly expect_count (default 1) times: copy it from read without the line numbers, with enough lines to be unique. White space at line ends and a uniform indentation may differ.",
    schema: Input,
    repeatable: false,
    run: async (input) => outcomeOf(await files.edit(input, guardWith(protectedBy))),
  };
}
