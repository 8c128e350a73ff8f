import { z } from "zod";
import { PlaybookHead } from "./playbook.ts";

/** Where editors find the schema of a playbook's front matter. */
export const playbookSchemaPath = "schema/playbook.schema.json";

/** The JSON Schema of a playbook's front matter as text; the checked-in copy is held to it by a test. */
export function renderPlaybookSchema(): string {
  const schema = z.toJSONSchema(PlaybookHead, { io: "input", target: "draft-7" });
  return `${JSON.stringify({ ...schema, title: "Baton playbook (front matter of .github/baton/maintenance/*.md)" }, null, 2)}\n`;
}
