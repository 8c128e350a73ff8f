import { z } from "zod";

type Node = { [key: string]: unknown };

/** The keys that the object at `path` of `schema` may have, in the order of the schema. */
export function allowedKeysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const node = nodeAt(schema, path);
  const properties = node?.properties;
  return properties && typeof properties === "object" ? Object.keys(properties) : [];
}

/** What may stand at `path` of `schema`, in words: type, bounds and lengths, as the JSON Schema of the policy says them. */
export function describeAllowedAt(schema: z.ZodType, path: readonly PropertyKey[], issue: z.core.$ZodIssue): string {
  const node = nodeAt(schema, path);
  return node ? describe(node) : issue.message;
}

function nodeAt(schema: z.ZodType, path: readonly PropertyKey[]): Node | null {
  let node: Node | null = z.toJSONSchema(schema, { io: "input" }) as Node;
  for (const key of path) {
    if (!node) return null;
    const open: Node = pickBranch(node);
    const properties = open.properties as { [key: string]: Node } | undefined;
    if (properties && Object.hasOwn(properties, String(key))) node = properties[String(key)] ?? null;
    else if (typeof key === "number" && open.items) node = open.items as Node;
    else node = (open.additionalProperties as Node | undefined) || null;
  }
  return node;
}

function pickBranch(node: Node): Node {
  const branches = node.anyOf as Node[] | undefined;
  return branches?.find((branch) => branch.type !== "null") ?? node;
}

function describe(node: Node): string {
  const branches = node.anyOf as Node[] | undefined;
  if (branches) return branches.map(describe).join(" or ");
  switch (node.type) {
    case "integer":
      return `a whole number${range(node)}`;
    case "number":
      return `a number${range(node)}`;
    case "string":
      return `a text of ${node.minLength ?? 0} to ${node.maxLength ?? "any number of"} characters`;
    case "boolean":
      return "`true` or `false`";
    case "array":
      return `a list of at most ${node.maxItems ?? "any number of"} entries, each ${describe(node.items as Node)}`;
    case "object":
      return node.properties
        ? `a block with the keys ${Object.keys(node.properties).join(", ")}`
        : "a block of keys and values";
    case "null":
      return "empty";
    default:
      return "something else";
  }
}

function range(node: Node): string {
  const low =
    node.exclusiveMinimum !== undefined
      ? `above ${node.exclusiveMinimum}`
      : node.minimum !== undefined
        ? `from ${node.minimum}`
        : "";
  const top = node.maximum;
  const high = typeof top === "number" && top < Number.MAX_SAFE_INTEGER ? `up to ${top}` : "";
  const text = [low, high].filter(Boolean).join(" ");
  return text && ` ${text}`;
}
