import { isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import { ConfigError } from "../domain/errors.ts";
import { type Playbook, PlaybookHead } from "./playbook.ts";

/** Largest playbook that is read, in UTF-16 units. */
export const maxPlaybookLength = 65_536;

/** Reads one playbook: front matter between two `---` lines, then the request. Throws `ConfigError` naming file, line, found and allowed. */
export function readPlaybook(text: string, file: string): Playbook {
  if (text.length > maxPlaybookLength)
    throw mistake(file, 1, `the file has ${text.length} characters`, `at most ${maxPlaybookLength}`);
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  if (lines[0] !== "---")
    throw mistake(
      file,
      1,
      `the first line is ${JSON.stringify(lines[0]!.slice(0, 60))}`,
      "a line `---` that begins the front matter",
    );
  const end = lines.indexOf("---", 1);
  if (end < 0) throw mistake(file, lines.length, "the front matter never ends", "a second line `---` after it");
  const head = readHead(lines.slice(1, end).join("\n"), file);
  const body = lines
    .slice(end + 1)
    .join("\n")
    .trim();
  if (body.length < 10)
    throw mistake(
      file,
      end + 2,
      body ? `the text after the front matter is ${JSON.stringify(body)}` : "there is no text after the front matter",
      "the request, in plain words",
    );
  const own = file.split("/").at(-1)!.replace(/\.md$/, "");
  if (file.endsWith(".md") && own !== head.name)
    throw mistake(file, 2, `\`name\` is ${JSON.stringify(head.name)}`, `the file's own name, ${JSON.stringify(own)}`);
  return { ...head, body, source: file };
}

function readHead(yaml: string, file: string): PlaybookHead {
  const counter = new LineCounter();
  const document = parseDocument(yaml, {
    lineCounter: counter,
    uniqueKeys: true,
    merge: false,
    customTags: [],
    stringKeys: true,
  });
  // One line more than YAML counts: the opening `---`.
  const lineAt = (offset: number): number => counter.linePos(offset).line + 1;
  const broken = document.errors[0] ?? document.warnings[0];
  if (broken)
    throw mistake(
      file,
      (broken.linePos?.[0].line ?? 1) + 1,
      broken.message.split(/ at line|\n/)[0]!,
      "plain YAML: `key: value` lines, each key once",
    );
  const parsed = PlaybookHead.safeParse(plain(document, file) ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0]!] : issue.path;
  const line = lineOf(document, path, lineAt);
  const name = path.map(String).join(".") || "the front matter";
  if (issue.code === "unrecognized_keys") {
    const keys = issue.path[0] === "limits" ? ["turns", "usd", "minutes"] : Object.keys(PlaybookHead.shape);
    throw mistake(file, line, `unknown key \`${name}\``, keys.join(", "));
  }
  const found = path.length === 0 ? undefined : (document.getIn(path, false) as unknown);
  const shown =
    found === undefined ? "missing" : `\`${JSON.stringify(isNode(found) ? found.toJSON() : found)?.slice(0, 80)}\``;
  throw mistake(file, line, `\`${name}\` is ${shown}`, issue.message);
}

function plain(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (cause) {
    throw mistake(file, 2, "the aliases (`*name`) expand to too much", "the values written out", cause);
  }
}

/** Line of the deepest part of `path` that is in the file. */
function lineOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  lineAt: (offset: number) => number,
): number {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const key = path[depth - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair && isScalar(pair.key) && pair.key.range) return lineAt(pair.key.range[0]);
    }
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return lineAt(node.range[0]);
  }
  return 2;
}

function mistake(file: string, line: number, found: string, allowed: string, cause?: unknown): ConfigError {
  return new ConfigError(`${file}:${line}: ${found}; allowed is: ${allowed}.`, {
    hint: `Mend line ${line} of ${file} on the default branch.`,
    cause,
  });
}
