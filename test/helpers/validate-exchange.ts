import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";

interface Described {
  method: string;
  path: string;
  request?: object;
  required?: boolean;
  responses: Record<string, object | null>;
}
interface Cut {
  operations: Record<string, Described>;
  schemas: Record<string, object>;
}

/** What is needed of a request: the log of the embedded GitHub has it. */
export interface Exchange {
  operation: string;
  method: string;
  path: string;
  body: unknown;
  status: number;
  answer: unknown;
}

const cut = JSON.parse(readFileSync(join(import.meta.dirname, "../fixtures/github-openapi.json"), "utf8")) as Cut;
const ajv = new Ajv({ strict: false, validateFormats: false, inlineRefs: false, code: { optimize: false } });
ajv.addSchema({ $id: "github", components: { schemas: cut.schemas } });
const compiled = new Map<string, ValidateFunction>();

function validatorOf(name: string, schema: object): ValidateFunction {
  const known = compiled.get(name);
  if (known) return known;
  const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"github#/components')) as object;
  const validate = ajv.compile(absolute);
  compiled.set(name, validate);
  return validate;
}

function problemsOf(name: string, schema: object, value: unknown): string[] {
  const validate = validatorOf(name, schema);
  // What was logged before it was written may still hold undefined; the wire does not.
  if (validate(JSON.parse(JSON.stringify(value ?? null)))) return [];
  return (validate.errors ?? []).map(
    (error) => `${name} ${error.instancePath || "/"} ${error.message} ${JSON.stringify(error.params)}`,
  );
}

/** Names of all operations that are described. */
export const describedOperations: readonly string[] = Object.keys(cut.operations);

/** What in a request or its answer does not fit GitHub's OpenAPI description; operations outside REST give nothing. */
export function validateExchange(exchange: Exchange): string[] {
  if (!exchange.path.startsWith("/") || /^(git|graphql)\/[a-z]+-pack|^graphql\//.test(exchange.operation)) return [];
  const described = cut.operations[exchange.operation];
  if (!described) return [`${exchange.method} ${exchange.path}: not an operation of GitHub`];
  const problems: string[] = [];
  if (described.request && exchange.status < 400) {
    problems.push(...problemsOf(`${exchange.operation} request`, described.request, exchange.body));
  }
  const answer = described.responses[String(exchange.status)];
  if (exchange.status < 300 && answer === undefined)
    problems.push(`${exchange.operation}: ${exchange.status} is not described`);
  if (answer && exchange.status !== 304)
    problems.push(...problemsOf(`${exchange.operation} ${exchange.status}`, answer, exchange.answer));
  return problems;
}
