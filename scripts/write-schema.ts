import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { policySchemaPath, renderPolicySchema } from "../src/policy/schema.ts";

mkdirSync(dirname(policySchemaPath), { recursive: true });
writeFileSync(policySchemaPath, renderPolicySchema());
