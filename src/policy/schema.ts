import { z } from "zod";
import { Policy } from "../domain/policy.ts";

/** Where editors find the schema, and what the first line of a generated policy file points at. */
export const policySchemaPath = "schema/baton.schema.json";

/** The JSON Schema of the policy file as text, for editors; `scripts/write-schema.ts` keeps the checked-in copy fresh. */
export function renderPolicySchema(): string {
  const schema = z.toJSONSchema(Policy, { io: "input", target: "draft-7" });
  return `${JSON.stringify({ ...schema, title: "Baton policy (.github/baton.yml)" }, null, 2)}\n`;
}
