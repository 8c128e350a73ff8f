import { listSecretForms } from "./secret-forms.ts";

/** What stands where a secret was. */
export const redacted = "[redacted]";

// Secrets shorter than this would turn ordinary text into holes.
const minSecretLength = 6;

// Shapes of well-known credentials. None may need more than one look at a character: the model can write any text it likes.
const shapes = new RegExp(
  [
    "gh[pousr]_[A-Za-z0-9]{30,}",
    "github_pat_[A-Za-z0-9_]{22,}",
    "v1\\.[0-9a-f]{40}",
    "sk-ant-[A-Za-z0-9_-]{20,}",
    "sk-(?:proj-)?[A-Za-z0-9_-]{40,}",
    "\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b",
    "xox[abeoprs]-[A-Za-z0-9-]{10,}",
    "npm_[A-Za-z0-9]{36}",
    "pypi-[A-Za-z0-9_-]{50,}",
    "glpat-[A-Za-z0-9_-]{20,}",
    "AIza[0-9A-Za-z_-]{35}",
  ].join("|"),
  "g",
);
/** A run of what signed tokens are made of, found only from its beginning. */
const tokenRun = /(?<![\w.-])[\w.-]{24,}/g;

/**
 * Signed tokens (JWT) within such a run, and installation tokens, which are `ghs_<app id>_<JWT>` of about 520 characters
 * since 2026-04-27. By hand, since a regular expression that may begin anywhere takes quadratic time.
 */
function redactTokens(run: string): string {
  const parts = run.split(".");
  const out: string[] = [];
  for (let at = 0; at < parts.length; at += 1) {
    const head = parts[at]!;
    const start = at + 2 < parts.length ? findTokenStart(head, parts[at + 1]!, parts[at + 2]!) : -1;
    out.push(start < 0 ? head : head.slice(0, start) + redacted);
    if (start >= 0) at += 2;
  }
  return out.join(".");
}

function findTokenStart(head: string, body: string, signature: string): number {
  const installation = head.search(/ghs_\d{1,20}_eyJ/);
  if (installation >= 0 && body !== "" && signature !== "") return installation;
  const start = head.indexOf("eyJ");
  const isLong = start >= 0 && head.length - start >= 13 && body.length >= 13 && signature.length >= 10;
  return isLong && body.startsWith("eyJ") ? start : -1;
}

/** Longest private key in PEM form that is looked for, characters; one without an end is taken out that far. */
const longestKey = 20_000;

function redactPrivateKeys(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (;;) {
    const begin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/g;
    begin.lastIndex = from;
    const found = begin.exec(text);
    if (!found) return parts.join("") + text.slice(from);
    parts.push(text.slice(from, found.index), redacted);
    const rest = text.slice(begin.lastIndex, begin.lastIndex + longestKey);
    const end = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----/.exec(rest);
    from = begin.lastIndex + (end ? end.index + end[0].length : rest.length);
  }
}

/** Takes known secrets, in all their forms, and everything that has the shape of a credential out of a text. The last line of defence only. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    for (const one of [secret, secret.trim()])
      if (one.length >= minSecretLength) for (const form of listSecretForms(one)) forms.add(form);
  }
  // Longest first, so that a form within another does not leave its ends behind.
  const needles = [...forms]
    .sort((a, b) => b.length - a.length)
    .map((form) => ({ form, dense: dense(form), gapped: null as RegExp | null }));
  return (text) => {
    if (text.length < minSecretLength) return text;
    let out = text;
    for (const { form } of needles) if (out.includes(form)) out = out.replaceAll(form, redacted);
    if (needles.length > 0) out = replaceGapped(out, needles);
    if (out.includes("-----BEGIN")) out = redactPrivateKeys(out);
    if (out.includes("eyJ")) out = out.replace(tokenRun, redactTokens);
    return out.replace(shapes, redacted);
  };
}

/** Redacts every string of a value, keys too. */
export function redactValue<T>(value: T, redact: (text: string) => string): T {
  if (typeof value === "string") return redact(value) as T;
  if (Array.isArray(value)) return value.map((one) => redactValue(one, redact)) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [redact(key), redactValue(inner, redact)]),
  ) as T;
}

interface Needle {
  form: string;
  dense: string;
  gapped: RegExp | null;
}

/** What may stand between two characters: colours of a terminal, `\x` and its like, and what is no letter or digit. */
const between = "(?:\\x1b\\[[0-9;]{0,12}[A-Za-z]|\\\\[nrtx]|[^A-Za-z0-9\\x1b]){0,12}";
const betweenAny = /\x1b(?:\[[0-9;]{0,12}[A-Za-z])?|\\[nrtx]|[^A-Za-z0-9\x1b]+/g;

/** Finds forms whose characters are kept apart: wrapped lines, spaces, colons, quotes, colours. */
function replaceGapped(text: string, needles: Needle[]): string {
  let out = text;
  let squeezed = dense(text);
  for (const needle of needles) {
    if (needle.dense.length < 10 || !squeezed.includes(needle.dense)) continue;
    needle.gapped ??= new RegExp([...needle.dense].join(between), "g");
    out = out.replace(needle.gapped, redacted);
    squeezed = dense(out);
  }
  return out;
}

function dense(text: string): string {
  return text.replace(betweenAny, "");
}
