import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { ConfigError } from "../domain/errors.ts";

/** The schema of `--json-schema`, given as JSON or as a file that holds it. Throws ConfigError that says what cannot be used. */
export async function readResultSchema(given: string, cwd: string): Promise<z.ZodType> {
  const isInline = given.trimStart().startsWith("{");
  const text = isInline ? given : await readSchemaFile(resolve(cwd, given));
  const hint =
    'For example --json-schema \'{"type":"object","properties":{"files":{"type":"integer"}},"required":["files"]}\'.';
  try {
    return z.fromJSONSchema(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`--json-schema ${isInline ? "" : `${given} `}cannot be used: ${why}.`, { hint, cause });
  }
}

async function readSchemaFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`The schema file ${path} cannot be read.`, {
      hint: "Give --json-schema the path of a JSON file, or the schema itself.",
      cause,
    });
  }
}
