import type { BinaryOperator, Expression } from "./parse-expression.ts";
import { ExpressionError } from "./parse-expression.ts";

/** Any value an expression can have; objects come from JSON. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** What an expression can see: contexts by name, and the status functions. */
export interface Scope {
  contexts: Record<string, Value>;
  status?: { success: () => boolean; failure: () => boolean; cancelled: () => boolean };
}

/** Marks the result of `*`, over which the next member maps. */
class Filtered extends Array<Value> {}

/** Evaluates an expression as the runner does. */
export function evaluateExpression(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "name":
      return lookUpContext(expression.name, scope);
    case "not":
      return !isTruthy(evaluateExpression(expression.of, scope));
    case "wildcard":
      return Filtered.from(childrenOf(evaluateExpression(expression.of, scope)));
    case "member":
      return member(evaluateExpression(expression.of, scope), evaluateExpression(expression.key, scope));
    case "call":
      return call(expression.name, expression.args, scope);
    case "binary":
      return binary(expression.op, expression.left, expression.right, scope);
  }
}

/** GitHub's truth: false, 0, -0, NaN, "" and null are false. */
export function isTruthy(value: Value): boolean {
  return typeof value === "number"
    ? value !== 0 && !Number.isNaN(value)
    : value !== null && value !== false && value !== "";
}

/** How a value reads inside a string. */
export function renderValue(value: Value): string {
  if (value === null) return "";
  if (Array.isArray(value)) return "Array";
  return typeof value === "object" ? "Object" : String(value);
}

function lookUpContext(name: string, scope: Scope): Value {
  const key = Object.keys(scope.contexts).find((known) => known.toLowerCase() === name.toLowerCase());
  if (key === undefined) throw new ExpressionError(`Unrecognized named-value: '${name}'`);
  return scope.contexts[key] ?? null;
}

function childrenOf(value: Value): Value[] {
  if (Array.isArray(value)) return value;
  return value !== null && typeof value === "object" ? Object.values(value) : [];
}

function member(of: Value, key: Value): Value {
  if (of instanceof Filtered) {
    const found = of.map((item) => member(item, key)).filter((item) => item !== null);
    return Filtered.from(found);
  }
  if (Array.isArray(of)) {
    const index = toNumber(key);
    return Number.isInteger(index) ? (of[index] ?? null) : null;
  }
  if (of === null || typeof of !== "object") return null;
  const wanted = renderValue(key).toLowerCase();
  const found = Object.keys(of).find((name) => name.toLowerCase() === wanted);
  return found === undefined ? null : (of[found] ?? null);
}

function binary(op: BinaryOperator, leftOf: Expression, rightOf: Expression, scope: Scope): Value {
  const left = evaluateExpression(leftOf, scope);
  if (op === "&&") return isTruthy(left) ? evaluateExpression(rightOf, scope) : left;
  if (op === "||") return isTruthy(left) ? left : evaluateExpression(rightOf, scope);
  const right = evaluateExpression(rightOf, scope);
  if (op === "==") return isEqual(left, right);
  if (op === "!=") return !isEqual(left, right);
  return compare(op, left, right);
}

/** Loose equality: types that differ become numbers, strings ignore case. */
function isEqual(left: Value, right: Value): boolean {
  if (typeof left === "string" && typeof right === "string") return left.toLowerCase() === right.toLowerCase();
  if (typeof left === "object" && left !== null) return left === right;
  if (typeof right === "object" && right !== null) return false;
  if (typeof left === typeof right && left !== null && right !== null) return left === right;
  if (left === null && right === null) return true;
  return toNumber(left) === toNumber(right);
}

function compare(op: "<" | "<=" | ">" | ">=", left: Value, right: Value): boolean {
  const both = typeof left === "string" && typeof right === "string";
  const a = both ? left.toLowerCase() : toNumber(left);
  const b = both ? right.toLowerCase() : toNumber(right);
  if (op === "<") return a < b;
  if (op === "<=") return a <= b;
  return op === ">" ? a > b : a >= b;
}

function toNumber(value: Value): number {
  if (value === null) return 0;
  if (typeof value === "string") return value.trim() === "" ? 0 : Number(value);
  return typeof value === "object" ? Number.NaN : Number(value);
}

function call(name: string, args: readonly Expression[], scope: Scope): Value {
  const status = name.toLowerCase();
  if (status === "always" || status === "success" || status === "failure" || status === "cancelled") {
    if (!scope.status) throw new ExpressionError(`Unrecognized function: '${name}'`);
    return status === "always" ? true : scope.status[status]();
  }
  const known = functions[status];
  if (!known) throw new ExpressionError(`Unrecognized function: '${name}'`);
  if (args.length < known.least || args.length > known.most) {
    throw new ExpressionError(`Wrong number of arguments for '${name}': ${args.length}`);
  }
  return known.run(args.map((arg) => evaluateExpression(arg, scope)));
}

interface ExpressionFunction {
  least: number;
  most: number;
  run: (args: Value[]) => Value;
}

const lower = (value: Value | undefined): string => renderValue(value ?? null).toLowerCase();

const functions: Record<string, ExpressionFunction> = {
  contains: {
    ...{ least: 2, most: 2 },
    run: ([where, what]) =>
      Array.isArray(where) ? where.some((item) => isEqual(item, what ?? null)) : lower(where).includes(lower(what)),
  },
  startswith: { least: 2, most: 2, run: ([text, start]) => lower(text).startsWith(lower(start)) },
  endswith: { least: 2, most: 2, run: ([text, end]) => lower(text).endsWith(lower(end)) },
  format: { least: 1, most: 255, run: ([pattern, ...values]) => format(renderValue(pattern ?? null), values) },
  join: {
    ...{ least: 1, most: 2 },
    run: ([list, separator]) =>
      Array.isArray(list)
        ? list.map(renderValue).join(separator === undefined ? "," : renderValue(separator))
        : renderValue(list ?? null),
  },
  tojson: { least: 1, most: 1, run: ([value]) => JSON.stringify(value ?? null, null, 2) },
  fromjson: { least: 1, most: 1, run: ([text]) => fromJson(renderValue(text ?? null)) },
  // The emulation has no cache that could be keyed by it.
  hashfiles: { least: 1, most: 255, run: () => "" },
};

function format(pattern: string, values: readonly Value[]): string {
  return pattern.replace(/\{\{|\}\}|\{(\d+)\}|[{}]/g, (found, index: string | undefined) => {
    if (found === "{{") return "{";
    if (found === "}}") return "}";
    if (index === undefined || values[Number(index)] === undefined) {
      throw new ExpressionError(`The following format string is invalid: ${pattern}`);
    }
    return renderValue(values[Number(index)] ?? null);
  });
}

function fromJson(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch (error) {
    throw new ExpressionError(`Error parsing fromJson: ${error instanceof Error ? error.message : String(error)}`);
  }
}
