/** Why a remote said no. */
export type PushRefusal =
  | "non_fast_forward"
  | "workflows"
  | "secret"
  | "size"
  | "namespace"
  | "auth"
  | "rules"
  | "other";

/** What became of a push; `refs` are those the remote named, `paths` the files it named. */
export type PushOutcome =
  | { kind: "pushed" }
  | { kind: "refused"; why: PushRefusal; detail: string; refs: string[]; paths: string[] }
  | { kind: "unreachable"; detail: string };

/** What a push's output alone says; `unknown` means that only the remote's refs can tell. */
export type PushReading =
  | { kind: "pushed" }
  | Extract<PushOutcome, { kind: "refused" }>
  | { kind: "unknown"; detail: string };

// Texts as GitHub and git print them: `6-github-facts.md` rows 42, 67, 68, 74; docs "push protection", "about large files".
const refusals: readonly [PushRefusal, RegExp][] = [
  ["workflows", /refusing to allow .{1,80} to create or update workflow/i],
  ["secret", /GITHUB PUSH PROTECTION|push cannot contain secrets|GH009|secret[s]? (?:was |were )?detected/i],
  [
    "size",
    /GH001|exceeds GitHub's file size limit|pack exceeds maximum allowed size|larger than .{1,20} limit|RPC failed; HTTP 413/i,
  ],
  ["rules", /GH013|GH006|Repository rule violations|protected branch/i],
  [
    "namespace",
    /deny updating a hidden ref|funny refname|refusing to (?:create|update) (?:funny )?ref|is not a valid ref|ref .{1,200} is not allowed/i,
  ],
  // what git's own check of the objects says, where a remote has it on
  ["other", /fsck error in pack/],
  [
    "non_fast_forward",
    /\[rejected\].*\((?:non-fast-forward|fetch first|stale info|already exists)\)|cannot lock ref|reference already exists|incorrect old value|failed to update ref/i,
  ],
  [
    "auth",
    /Authentication failed|could not read (?:Username|Password)|HTTP 40[13]|returned error: 40[13]|Permission (?:to .{1,200} )?denied|Write access to repository not granted|Repository not found|Resource not accessible/i,
  ],
];

/** A remote that could not do it now, as git and GitHub say it: the same push may go through a moment later. */
const passing =
  /Internal Server Error|unpacker error|unable to (?:create temporary|write) |No space left on device|Unable to create '.{1,300}\.lock'|temporar(?:y|ily) (?:error|failure|unavailable)|try again later/i;

/** Reads exit code, porcelain lines and the remote's text of `git push --porcelain`. */
export function readPush(result: { code: number | null; stdout: string; stderr: string }): PushReading {
  if (result.code === 0) return { kind: "pushed" };
  const detail = `${result.stderr}\n${result.stdout}`.trim().slice(-4_000);
  const rejected = result.stdout.split("\n").filter((line) => line.startsWith("!\t"));
  const named = rejected.filter((line) => !/\(atomic (?:push|transaction) failed\)|\(atomic push failure\)/.test(line));
  const refs = (named.length > 0 ? named : rejected).map((line) => line.split("\t")[1]?.split(":").at(-1) ?? "");
  const text = `${result.stderr}\n${named.join("\n")}`;
  const found = refusals.find(([, pattern]) => pattern.test(text));
  // What names the content was decided; of everything else only the refs themselves can tell.
  if ((!found || found[0] === "non_fast_forward") && passing.test(text)) return { kind: "unknown", detail };
  if (found) return { kind: "refused", why: found[0], detail, refs, paths: readPaths(text) };
  if (named.some((line) => line.includes("[remote rejected]"))) {
    return { kind: "refused", why: /hook declined/.test(text) ? "rules" : "other", detail, refs, paths: [] };
  }
  return { kind: "unknown", detail };
}

function readPaths(text: string): string[] {
  const secrets = [...text.matchAll(/path: (.+?)(?::\d+)?\s*$/gm)].map((match) => match[1]!);
  const large = [...text.matchAll(/File (.+?) is [\d.]+ MB/g)].map((match) => match[1]!);
  return [...new Set([...secrets, ...large])];
}
