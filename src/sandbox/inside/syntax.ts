import { spawnSync } from "node:child_process";

function jsonProblem(text: string): string | null {
  try {
    JSON.parse(text.replace(/^\uFEFF/, ""));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function scriptProblem(path: string): string | null {
  const checked = spawnSync(process.execPath, ["--check", path], { env: {}, encoding: "utf8", timeout: 5_000 });
  if (checked.status === 0 || checked.error) return null;
  const lines = checked.stderr.split("\n").filter((line) => line.trim() !== "" && !/^(Node\.js|\s+at )/.test(line));
  return lines.slice(0, 4).join("\n");
}

/** A warning when a JSON or JavaScript file no longer parses; empty when it does, or never did. */
export function checkSyntax(path: string, before: string | null, after: string): string {
  if (path.endsWith(".json")) {
    // files with comments (tsconfig and the like) never parsed, so there is nothing to warn of
    const problem = before !== null && jsonProblem(before) !== null ? null : jsonProblem(after);
    return problem === null ? "" : `\nwarning: not valid JSON now: ${problem}`;
  }
  if (/\.[cm]?js$/.test(path) && after.length < 512 * 1024) {
    const problem = scriptProblem(path);
    return problem === null ? "" : `\nwarning: syntax error now:\n${problem}`;
  }
  return "";
}
