import type { Oracle } from "../domain/contract.ts";
import type { Met } from "./judge-expectation.ts";
import { safeMatch } from "./safe-match.ts";

type HttpOracle = Extract<Oracle, { type: "http" }>;

const mark = "----- baton asked the server -----";

/**
 * One shell command that starts the server, asks once it answers, prints the raw response after a mark and ends the
 * server. It needs nothing but bash, so that it works in every image.
 */
export function httpCommand(oracle: HttpOracle): string {
  const url = new URL(oracle.url);
  const body = oracle.body ?? "";
  const request = [
    `${oracle.method} ${url.pathname}${url.search} HTTP/1.0`,
    `Host: ${url.host}`,
    "Connection: close",
    ...(body
      ? [
          `Content-Type: ${looksLikeJson(body) ? "application/json" : "text/plain"}`,
          `Content-Length: ${Buffer.byteLength(body)}`,
        ]
      : []),
    "",
    body,
  ].join("\r\n");
  return [
    'log="${TMPDIR:-/tmp}/baton-server.$$.log"',
    `( ${oracle.start}`,
    ') > "$log" 2>&1 & server=$!',
    `for try in $(seq ${oracle.timeout_s * 4}); do`,
    `  if (exec 3<>/dev/tcp/127.0.0.1/${url.port}) 2>/dev/null; then`,
    `    echo ${quote(mark)}`,
    `    exec 3<>/dev/tcp/127.0.0.1/${url.port}; printf %s ${quote(request)} >&3; cat <&3; kill $server 2>/dev/null; exit 0`,
    "  fi",
    '  kill -0 $server 2>/dev/null || { wait $server; code=$?; cat "$log"; exit $((code == 0 ? 1 : code)); }',
    "  sleep 0.25",
    "done",
    'cat "$log"; kill $server 2>/dev/null; echo "the server never answered"; exit 1',
  ].join("\n");
}

/** Compares the raw HTTP response in the output of `httpCommand` with what the oracle expects. */
export function judgeHttp(oracle: HttpOracle, run: { exit: number | null; timedOut: boolean; output: string }): Met {
  if (run.timedOut) return { kind: "unmet", reason: "timed out" };
  const at = run.output.indexOf(mark);
  if (run.exit !== 0 || at < 0) return { kind: "unmet", reason: "the server never answered" };
  const response = run.output.slice(at + mark.length).trimStart();
  const status = Number(/^HTTP\/\d\.\d (\d{3})/.exec(response)?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) return { kind: "unmet", reason: "what answered does not speak HTTP" };
  const { expect } = oracle;
  if (expect.status !== undefined && status !== expect.status)
    return { kind: "unmet", reason: `status ${status}, expected ${expect.status}` };
  if (expect.body_match !== undefined) {
    const body = response.slice(response.search(/\r?\n\r?\n/)).trimStart();
    const found = safeMatch(expect.body_match, body);
    if (found.kind === "bad_pattern")
      return { kind: "unmet", reason: `the pattern /${expect.body_match}/ cannot be used: ${found.reason}` };
    if (found.kind === "no_match") return { kind: "unmet", reason: `the body does not match /${expect.body_match}/` };
  }
  return { kind: "met" };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text);
}
