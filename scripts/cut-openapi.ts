import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROUTES } from "../src/local/github/start-github.ts";

/** The description is 73 MB unpacked per host, so it never becomes a dependency: it is fetched into a folder that is thrown away. */
const PACKAGE = "@octokit/openapi@23.0.2";
const TARGET = join(import.meta.dirname, "../test/fixtures/github-openapi.json");

interface Schema {
  [key: string]: unknown;
}
interface Description {
  info: { version: string };
  paths: Record<string, Record<string, OperationDescription>>;
  components: {
    schemas: Record<string, Schema>;
    responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
  };
}
interface OperationDescription {
  operationId: string;
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema }> };
  responses: Record<string, { $ref?: string; content?: Record<string, { schema: Schema }> }>;
}

/** Keywords that say nothing about validity. */
const NOISE = new Set([
  "description",
  "example",
  "examples",
  "title",
  "externalDocs",
  "deprecated",
  "x-github",
  "x-multi-segment",
  "default",
  "xml",
  "discriminator",
  "readOnly",
]);

function prune(value: unknown, insideProperties = false): unknown {
  if (Array.isArray(value)) return value.map((item) => prune(item));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([key]) => insideProperties || !NOISE.has(key));
  const kept = Object.fromEntries(
    entries.map(([key, item]) => [key, prune(item, key === "properties" && !insideProperties)]),
  );
  return insideProperties ? kept : withNull(kept);
}

/** OpenAPI 3.0 says `nullable` where JSON Schema lists the type. */
function withNull(schema: Schema): Schema {
  if (schema.nullable !== true) return schema;
  const { nullable: _, ...rest } = schema;
  if (typeof rest.type === "string" && rest.enum === undefined) return { ...rest, type: [rest.type, "null"] };
  return { anyOf: [rest, { type: "null" }] };
}

function jsonSchemaOf(content: Record<string, { schema: Schema }> | undefined): Schema | undefined {
  const key = Object.keys(content ?? {}).find((type) => /json/.test(type));
  return key === undefined ? undefined : content![key]!.schema;
}

function collectRefs(value: unknown, into: Set<string>): void {
  for (const match of JSON.stringify(value ?? null).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) into.add(match[1]!);
}

/** There the description inlines an account that had to be a user and an enterprise at once; everywhere else it names this schema. */
const CORRECTIONS: Record<string, Schema> = {
  "apps/list-installations": { type: "array", items: { $ref: "#/components/schemas/installation" } },
};

/** The operations we know, with every schema they reach. */
function cut(description: Description) {
  const wanted = new Set(ROUTES.map((one) => one.name));
  const operations: Record<string, unknown> = {};
  const reached = new Set<string>();
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (!wanted.has(operation.operationId)) continue;
      const responses = Object.entries(operation.responses).map(([status, answer]) => {
        const resolved = answer.$ref ? description.components.responses[answer.$ref.split("/").at(-1)!] : answer;
        const correction = status === "200" ? CORRECTIONS[operation.operationId] : undefined;
        return [status, correction ?? prune(jsonSchemaOf(resolved?.content) ?? null)];
      });
      const request = jsonSchemaOf(operation.requestBody?.content);
      operations[operation.operationId] = {
        method: method.toUpperCase(),
        path,
        ...(request ? { request: prune(request), required: operation.requestBody?.required === true } : {}),
        responses: Object.fromEntries(responses),
      };
    }
  }
  collectRefs(operations, reached);
  const schemas: Record<string, unknown> = {};
  for (const name of reached) {
    schemas[name] = prune(description.components.schemas[name]);
    collectRefs(schemas[name], reached);
  }
  const absent = [...wanted].filter((name) => !(name in operations));
  return {
    cut: { source: `${PACKAGE} (api.github.com ${description.info.version}), MIT, GitHub`, operations, schemas },
    absent,
  };
}

const folder = mkdtempSync(join(tmpdir(), "openapi-"));
try {
  execFileSync("npm", ["install", "--no-save", "--prefix", folder, PACKAGE], { stdio: "ignore" });
  const file = join(folder, "node_modules/@octokit/openapi/generated/api.github.com.json");
  const { cut: result, absent } = cut(JSON.parse(readFileSync(file, "utf8")) as Description);
  writeFileSync(TARGET, `${JSON.stringify(result)}\n`);
  console.log(`${Object.keys(result.operations).length} operations, not described: ${absent.join(", ") || "none"}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
