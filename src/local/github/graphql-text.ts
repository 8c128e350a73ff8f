/** A field that a query asks for. */
export interface Selection {
  kind: "field";
  name: string;
  alias: string;
  args: Record<string, unknown>;
  selections: Selected[];
}

/** A fragment, inline or spread, with the type it is for. */
export interface FragmentSelection {
  kind: "fragment";
  type: string | null;
  selections: Selected[];
}

export type Selected = Selection | FragmentSelection;

/** A GraphQL document with its variables already put in. */
export interface Operation {
  kind: "query" | "mutation";
  selections: Selected[];
}

const TOKEN =
  /[\s,]+|#[^\n]*|("""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|\.\.\.|[{}()[\]:!=$@|&]|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[_A-Za-z]\w*)/gy;

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new SyntaxError(`Parse error on ${JSON.stringify(text.slice(at, at + 10))}`);
    if (match[1] !== undefined) tokens.push(match[1]);
  }
  return tokens;
}

/** Reads the first operation of a document; throws SyntaxError with a sentence. */
export function readOperation(text: string, variables: Record<string, unknown>): Operation {
  const reader = new Reader(tokenize(text), variables);
  return reader.document();
}

class Reader {
  readonly #tokens: string[];
  readonly #given: Record<string, unknown>;
  readonly #fragments = new Map<string, { type: string; selections: Selected[] }>();
  #at = 0;

  constructor(tokens: string[], given: Record<string, unknown>) {
    this.#tokens = tokens;
    this.#given = { ...given };
  }

  document(): Operation {
    let operation: Operation | null = null;
    while (this.#at < this.#tokens.length) {
      const word = this.#peek();
      if (word === "fragment") {
        this.#fragment();
        continue;
      }
      const kind = word === "mutation" ? "mutation" : "query";
      if (word !== "{") {
        this.#next();
        if (this.#peek() !== "(" && this.#peek() !== "{") this.#next();
        if (this.#peek() === "(") this.#variables();
      }
      const selections = this.#selections();
      operation ??= { kind, selections };
    }
    if (!operation) throw new SyntaxError("Unexpected end of document");
    return operation;
  }

  #peek(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new SyntaxError("Unexpected end of document");
    return token;
  }

  #next(expected?: string): string {
    const token = this.#peek();
    if (expected !== undefined && token !== expected) {
      throw new SyntaxError(`Expected ${JSON.stringify(expected)}, actual: ${JSON.stringify(token)}`);
    }
    this.#at += 1;
    return token;
  }

  #fragment(): void {
    this.#next("fragment");
    const name = this.#next();
    this.#next("on");
    const entry = { type: this.#next(), selections: [] as Selected[] };
    this.#fragments.set(name, entry);
    entry.selections.push(...this.#selections());
  }

  #variables(): void {
    this.#next("(");
    while (this.#peek() !== ")") {
      this.#next("$");
      const name = this.#next();
      this.#next(":");
      while (["[", "]", "!"].includes(this.#peek()) || /^[A-Z]/.test(this.#peek())) this.#next();
      if (this.#peek() === "=") {
        this.#next();
        const fallback = this.#value();
        if (!(name in this.#given)) this.#given[name] = fallback;
      }
    }
    this.#next(")");
  }

  #selections(): Selected[] {
    const selections: Selected[] = [];
    this.#next("{");
    while (this.#peek() !== "}") selections.push(this.#peek() === "..." ? this.#spread() : this.#field());
    this.#next("}");
    return selections;
  }

  #spread(): FragmentSelection {
    this.#next("...");
    if (this.#peek() === "on") {
      this.#next();
      return { kind: "fragment", type: this.#next(), selections: this.#selections() };
    }
    if (this.#peek() === "{") return { kind: "fragment", type: null, selections: this.#selections() };
    const name = this.#next();
    const fragments = this.#fragments;
    // A fragment may be defined after its use, so it is looked up when it is needed.
    return {
      kind: "fragment",
      type: null,
      get selections() {
        const fragment = fragments.get(name);
        if (!fragment) throw new SyntaxError(`Fragment ${name} was used, but not defined`);
        return [{ kind: "fragment" as const, ...fragment }];
      },
    };
  }

  #field(): Selection {
    const first = this.#next();
    let name = first;
    if (this.#peek() === ":") {
      this.#next();
      name = this.#next();
    }
    const args: Record<string, unknown> = {};
    if (this.#peek() === "(") {
      this.#next();
      while (this.#peek() !== ")") {
        const key = this.#next();
        this.#next(":");
        args[key] = this.#value();
      }
      this.#next(")");
    }
    const selections = this.#at < this.#tokens.length && this.#peek() === "{" ? this.#selections() : [];
    return { kind: "field", name, alias: first, args, selections };
  }

  #value(): unknown {
    const token = this.#next();
    if (token === "$") return this.#given[this.#next()] ?? null;
    if (token === "[") return this.#list();
    if (token === "{") return this.#object();
    if (token.startsWith('"""')) return token.slice(3, -3).trim();
    if (token.startsWith('"')) return JSON.parse(token);
    if (/^-?\d/.test(token)) return Number(token);
    if (token === "true" || token === "false") return token === "true";
    return token === "null" ? null : token;
  }

  #list(): unknown[] {
    const items: unknown[] = [];
    while (this.#peek() !== "]") items.push(this.#value());
    this.#next("]");
    return items;
  }

  #object(): Record<string, unknown> {
    const fields: Record<string, unknown> = {};
    while (this.#peek() !== "}") {
      const key = this.#next();
      this.#next(":");
      fields[key] = this.#value();
    }
    this.#next("}");
    return fields;
  }
}
