const shapes: readonly { name: string; pattern: RegExp }[] = [
  { name: "a private key", pattern: /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/ },
  { name: "a GitHub token", pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})/ },
  { name: "an Anthropic key", pattern: /\bsk-ant-[A-Za-z0-9_-]{20,}/ },
  { name: "an OpenAI key", pattern: /\bsk-(?:proj-)?[A-Za-z0-9]{32,}/ },
  { name: "an AWS key id", pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/ },
  { name: "a Slack token", pattern: /\bxox[abprs]-[A-Za-z0-9-]{20,}/ },
  { name: "an npm token", pattern: /\bnpm_[A-Za-z0-9]{36}\b/ },
  { name: "a Google API key", pattern: /\bAIza[A-Za-z0-9_-]{35}\b/ },
  { name: "a Stripe key", pattern: /\b[rs]k_live_[A-Za-z0-9]{20,}/ },
  // Placeholders, and hosts that nobody owns (RFC 2606), are how a page explains it.
  {
    name: "a token in a URL",
    pattern:
      /\bhttps?:\/\/[^\s/:@]+:(?![^\s/@]*[$<{*])(?!pass(?:word|wd)?@|secret@|token@)[^\s/@]{8,}@(?!(?:[\w-]+\.)*example\.(?:com|org|net)\b|localhost\b|127\.)/i,
  },
  { name: "a signed token", pattern: /\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{15,}/ },
];

/** What kind of secret a line seems to hold, or null. The secret itself is never part of the answer. */
export function secretIn(line: string): string | null {
  return shapes.find(({ pattern }) => pattern.test(line))?.name ?? null;
}
