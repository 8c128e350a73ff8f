/** HTTP status of an Octokit error, or null for a lost connection, a timeout or a stranger's error. */
export function statusOf(error: unknown): number | null {
  if (error === null || typeof error !== "object" || !("status" in error) || typeof error.status !== "number")
    return null;
  // Octokit reports its own network failures as 500 without a response.
  return "response" in error && error.response ? error.status : error.status === 500 ? null : error.status;
}

/** Message of GitHub's error body together with its field errors, in one line; never empty. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n").join(" ").slice(0, 500) || "no message";
}

/** Whether a write that failed like this may have had its effect all the same: connection lost, 5xx, 408, 409. */
export function isUnknownOutcome(error: unknown): boolean {
  const status = statusOf(error);
  if (status === null) return isNetworkFailure(error);
  return status >= 500 || status === 409 || status === 408;
}

/** Milliseconds to wait when GitHub asks for patience (rows 11, 19), or null when the error is no rate limit. */
export function readWait(error: unknown, attempt: number, now: number): number | null {
  const status = statusOf(error);
  if (status !== 403 && status !== 429) return null;
  const headers = headersOf(error);
  const after = Number(headers["retry-after"]);
  if (headers["retry-after"] !== undefined && Number.isFinite(after)) return Math.max(0, after) * 1_000;
  if (String(headers["x-ratelimit-remaining"]) === "0") {
    const reset = Number(headers["x-ratelimit-reset"]) * 1_000;
    if (Number.isFinite(reset)) return Math.max(1_000, reset - now + 1_000);
  }
  const limited = status === 429 || /secondary rate limit|abuse detection/i.test(messageOf(error));
  return limited ? 60_000 * 2 ** (attempt - 1) : null;
}

/** Puts the right that a refused request lacks into its message, where GitHub names it: that is what a person can mend. */
export function nameMissingRight(error: unknown): void {
  const needed = statusOf(error) === 403 ? headersOf(error)["x-accepted-github-permissions"] : undefined;
  if (needed === undefined || !(error instanceof Error)) return;
  error.message += ` (needs the permission ${String(needed).replaceAll("=", ": ").slice(0, 200)})`;
}

function headersOf(error: unknown): { [name: string]: string | number | undefined } {
  if (error === null || typeof error !== "object" || !("response" in error)) return {};
  const response = error.response as { headers?: { [name: string]: string | number | undefined } } | undefined;
  return response?.headers ?? {};
}

function isNetworkFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const names = ["AbortError", "TimeoutError", "HttpError", "TypeError"];
  return names.includes(error.name) || ("status" in error && error.status === 500);
}
