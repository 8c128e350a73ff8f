/** A parsed `${{ }}` expression. */
export type Expression =
  | { kind: "literal"; value: null | boolean | number | string }
  | { kind: "name"; name: string }
  | { kind: "member"; of: Expression; key: Expression }
  | { kind: "wildcard"; of: Expression }
  | { kind: "call"; name: string; args: Expression[] }
  | { kind: "not"; of: Expression }
  | { kind: "binary"; op: BinaryOperator; left: Expression; right: Expression };

export type BinaryOperator = "||" | "&&" | "==" | "!=" | "<" | "<=" | ">" | ">=";

/** What is wrong with an expression, in words for the run's annotations. */
export class ExpressionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ExpressionError";
  }
}

type Token = { kind: "number" | "string" | "name" | "symbol"; text: string };

const tokenPattern =
  /\s*(?:(?<number>[+-]?(?:0x[0-9a-fA-F]+|0o[0-7]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))|'(?<string>(?:[^']|'')*)'|(?<name>[a-zA-Z_][a-zA-Z0-9_-]*)|(?<symbol>\|\||&&|==|!=|<=|>=|[<>!()[\].,*]))/y;

function readTokens(source: string): Token[] {
  const tokens: Token[] = [];
  const text = source.trimEnd();
  let at = 0;
  while (at < text.length) {
    tokenPattern.lastIndex = at;
    const groups = tokenPattern.exec(text)?.groups;
    if (!groups)
      throw new ExpressionError(`Unexpected symbol: '${text.slice(at).trim().slice(0, 20)}' in '${source.trim()}'`);
    at = tokenPattern.lastIndex;
    if (groups.number !== undefined) tokens.push({ kind: "number", text: groups.number });
    else if (groups.string !== undefined) tokens.push({ kind: "string", text: groups.string.replaceAll("''", "'") });
    else if (groups.name !== undefined) tokens.push({ kind: "name", text: groups.name });
    else tokens.push({ kind: "symbol", text: groups.symbol ?? "" });
  }
  return tokens;
}

/** Weakest first, as GitHub's expression documentation lists them. */
const precedence: BinaryOperator[][] = [["||"], ["&&"], ["==", "!="], ["<", "<=", ">", ">="]];

/** Parses the text between `${{` and `}}`; throws ExpressionError. */
export function parseExpression(source: string): Expression {
  const tokens = readTokens(source);
  let at = 0;
  const fail = (): never => {
    const found = tokens[at];
    throw new ExpressionError(
      found
        ? `Unexpected symbol: '${found.text}' in '${source.trim()}'`
        : `Unexpected end of expression: '${source.trim()}'`,
    );
  };
  const isSymbol = (text: string): boolean => tokens[at]?.kind === "symbol" && tokens[at]?.text === text;
  const take = (text: string): void => {
    if (!isSymbol(text)) fail();
    at += 1;
  };
  const binary = (level: number): Expression => {
    const operators = precedence[level];
    if (!operators) return unary();
    let left = binary(level + 1);
    for (let op = operators.find(isSymbol); op; op = operators.find(isSymbol)) {
      at += 1;
      left = { kind: "binary", op, left, right: binary(level + 1) };
    }
    return left;
  };
  const unary = (): Expression => {
    if (!isSymbol("!")) return postfix();
    at += 1;
    return { kind: "not", of: unary() };
  };
  const postfix = (): Expression => {
    let of = primary();
    for (;;) {
      if (isSymbol(".")) {
        at += 1;
        const token = tokens[at];
        if (isSymbol("*")) of = { kind: "wildcard", of };
        else if (token?.kind === "name") of = { kind: "member", of, key: { kind: "literal", value: token.text } };
        else fail();
        at += 1;
      } else if (isSymbol("[")) {
        at += 1;
        if (isSymbol("*")) {
          at += 1;
          of = { kind: "wildcard", of };
        } else of = { kind: "member", of, key: binary(0) };
        take("]");
      } else return of;
    }
  };
  const primary = (): Expression => {
    const token = tokens[at];
    if (!token) return fail();
    at += 1;
    if (token.kind === "number") return { kind: "literal", value: Number(token.text) };
    if (token.kind === "string") return { kind: "literal", value: token.text };
    if (token.kind === "name") return named(token.text);
    at -= 1;
    take("(");
    const inner = binary(0);
    take(")");
    return inner;
  };
  const named = (name: string): Expression => {
    if (name === "true" || name === "false") return { kind: "literal", value: name === "true" };
    if (name === "null") return { kind: "literal", value: null };
    if (name === "NaN" || name === "Infinity") return { kind: "literal", value: Number(name) };
    if (!isSymbol("(")) return { kind: "name", name };
    at += 1;
    const args: Expression[] = [];
    while (!isSymbol(")")) {
      args.push(binary(0));
      if (!isSymbol(")")) take(",");
    }
    at += 1;
    return { kind: "call", name, args };
  };
  const whole = binary(0);
  if (at < tokens.length) fail();
  return whole;
}

/** True when the expression calls one of these functions anywhere. */
export function callsAny(expression: Expression, names: readonly string[]): boolean {
  switch (expression.kind) {
    case "call":
      return names.includes(expression.name.toLowerCase()) || expression.args.some((arg) => callsAny(arg, names));
    case "member":
      return callsAny(expression.of, names) || callsAny(expression.key, names);
    case "wildcard":
    case "not":
      return callsAny(expression.of, names);
    case "binary":
      return callsAny(expression.left, names) || callsAny(expression.right, names);
    default:
      return false;
  }
}
