/** One step of one part, in a process of its own: `node step-process.ts PART STEP RESULT_FILE OPTIONS`. */
import { writeFile } from "node:fs/promises";
import type { Found, PartOptions } from "./figure.ts";
import { loadPart } from "./parts.ts";
import type { StepName } from "./run-step.ts";

const [name = "", step = "run", file = "", options = "{}"] = process.argv.slice(2);
const listed = await loadPart(name);
if (!listed || "broken" in listed) throw new Error(listed ? listed.broken : `bench/${name}.ts has no part`);
const given = JSON.parse(options) as Omit<PartOptions, "say">;
const found: Found = await listed.part[step as StepName]!({ ...given, say: (line) => console.error(line) });
await writeFile(file, JSON.stringify(found));
// Whatever a part has left open must not keep the bench from going on.
process.exit(0);
