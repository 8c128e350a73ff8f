/** A mistake the user can mend: names what was found, what is allowed, and (`hint`) what to do next. Ends a run as `config_error`. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly hint: string;
  constructor(message: string, options: { hint: string; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
  }
}

/** Data from outside (API, webhook, journal, model) did not fit its schema; `source` names where it came from. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
  readonly source: string;
  constructor(message: string, options: { source: string; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.source = options.source;
  }
}

/** The walls could not be raised: nothing of the model may run. Ends a run as `sandbox_error`. */
export class SandboxError extends Error {
  override name = "SandboxError";
  readonly hint: string;
  constructor(message: string, options: { hint: string; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
  }
}

/** The one text for a caught value of any kind, also a thrown non-Error; never empty. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `a value that is not an Error was thrown: ${String(error)}`;
  const message = error.message || error.name;
  if (!("hint" in error) || typeof error.hint !== "string") return message;
  return `${message}${/[.:!?]$/.test(message) ? "" : "."} ${error.hint}`;
}
