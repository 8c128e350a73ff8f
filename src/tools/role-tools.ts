import type { z } from "zod";
import type { Tool } from "../domain/tool.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { ProtectedBy } from "./answer.ts";
import { createBashTool } from "./bash.ts";
import { createBlockedTool } from "./blocked.ts";
import { createContractTool } from "./contract.ts";
import { createEditTool } from "./edit.ts";
import { createFinishTool } from "./finish.ts";
import { createGlobTool } from "./glob.ts";
import { createGrepTool } from "./grep.ts";
import { createHandoffTool } from "./handoff.ts";
import { createReadTool } from "./read.ts";
import { createVerdictTool } from "./verdict.ts";
import { createWriteTool } from "./write.ts";

/** What the tools of a role act on. */
export interface Hands {
  sandbox: Sandbox;
  /** Folder inside the walls in which commands start; the work tree's root when absent. */
  cwd?: string;
  /** What a result must look like that comes with each claim; none is asked for when absent. */
  resultSchema?: z.ZodType;
  /** Which rule protects a path of the work tree, or null. */
  protectedBy: ProtectedBy;
}

/** Loses the argument type: the loop parses arguments with the tool's own schema before it runs it. */
const erase = <Input>(tool: Tool<Input>): Tool => tool as unknown as Tool;

const byName = (tools: Tool[]): Tool[] => tools.sort((a, b) => (a.name < b.name ? -1 : 1));

/** The worker's nine tools, sorted by name. */
export function workerTools({ sandbox, protectedBy, cwd, resultSchema }: Hands): Tool[] {
  const { files } = sandbox;
  return byName([
    erase(createBashTool(sandbox, cwd)),
    erase(createReadTool(files)),
    erase(createEditTool(files, protectedBy)),
    erase(createWriteTool(files, protectedBy)),
    erase(createGrepTool(files)),
    erase(createGlobTool(files)),
    erase(createFinishTool(resultSchema)),
    erase(createBlockedTool()),
    erase(createHandoffTool()),
  ]);
}

/** The initializer's tools, on a throw-away copy in which nothing is protected. */
export function initializerTools({ sandbox, cwd }: Pick<Hands, "sandbox" | "cwd">): Tool[] {
  const { files } = sandbox;
  const free: ProtectedBy = () => null;
  return byName([
    erase(createBashTool(sandbox, cwd)),
    erase(createReadTool(files)),
    erase(createEditTool(files, free)),
    erase(createWriteTool(files, free)),
    erase(createGrepTool(files)),
    erase(createGlobTool(files)),
    erase(createContractTool()),
  ]);
}

/** The judge's tools: it looks and runs, and says what it found. */
export function evaluatorTools({ sandbox }: Pick<Hands, "sandbox">): Tool[] {
  const { files } = sandbox;
  return byName([
    erase(createBashTool(sandbox)),
    erase(createReadTool(files)),
    erase(createGrepTool(files)),
    erase(createGlobTool(files)),
    erase(createVerdictTool()),
  ]);
}
