import type { Scope, Value } from "./evaluate-expression.ts";
import { evaluateExpression, isTruthy, renderValue } from "./evaluate-expression.ts";
import { callsAny, ExpressionError, parseExpression } from "./parse-expression.ts";

const statusFunctions = ["always", "success", "failure", "cancelled"];

/** Splits a text at its `${{ }}`; quotes inside an expression may hold `}}`. */
function readParts(text: string): { literal: string; expression?: string }[] {
  const parts: { literal: string; expression?: string }[] = [];
  let at = 0;
  for (let start = text.indexOf("${{"); start >= 0; start = text.indexOf("${{", at)) {
    let end = start + 3;
    let quoted = false;
    while (end < text.length && (quoted || !text.startsWith("}}", end))) {
      if (text[end] === "'") quoted = !quoted;
      end += 1;
    }
    if (end >= text.length)
      throw new ExpressionError(`The expression is not closed. An unescaped \${{ sequence was found: ${text}`);
    parts.push({ literal: text.slice(at, start), expression: text.slice(start + 3, end) });
    at = end + 2;
  }
  if (at < text.length || parts.length === 0) parts.push({ literal: text.slice(at) });
  return parts;
}

/** A text with its expressions filled in; keeps the type when the text is one expression and nothing else. */
export function evaluateTemplate(text: string, scope: Scope): Value {
  const parts = readParts(text);
  const only = parts[0];
  if (parts.length === 1 && only?.expression !== undefined && only.literal === "") {
    return evaluateExpression(parseExpression(only.expression), scope);
  }
  return parts
    .map(
      (part) =>
        part.literal +
        (part.expression === undefined ? "" : renderValue(evaluateExpression(parseExpression(part.expression), scope))),
    )
    .join("");
}

/** The same as a string, for any YAML scalar. */
export function renderTemplate(value: unknown, scope: Scope): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? renderValue(evaluateTemplate(value, scope)) : String(value);
}

/** The expression of an `if:`, with or without `${{ }}`; null when there is none. */
function conditionOf(condition: unknown): string | null {
  if (condition === undefined || condition === null || condition === "") return null;
  const text = String(condition).trim();
  const whole = /^\$\{\{([\s\S]*)\}\}$/.exec(text)?.[1];
  return whole !== undefined && !whole.includes("${{") ? whole : text;
}

/** Decides an `if:`; without a status function it holds only after success. */
export function evaluateCondition(condition: unknown, scope: Scope): boolean {
  const text = conditionOf(condition);
  const success = (): boolean => scope.status?.success() ?? true;
  if (text === null) return success();
  if (text.includes("${{")) {
    return success() && isTruthy(evaluateTemplate(text, scope));
  }
  const expression = parseExpression(text);
  if (!callsAny(expression, statusFunctions) && !success()) return false;
  return isTruthy(evaluateExpression(expression, scope));
}
