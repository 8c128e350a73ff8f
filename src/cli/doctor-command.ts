import { resolve } from "node:path";
import {
  type Check,
  checkGit,
  checkKey,
  checkNode,
  checkPolicy,
  checkRepository,
  checkWalls,
  checkWorkflows,
  type Finding,
} from "./checks.ts";
import { type CliCommand, choiceOption, textOption } from "./command.ts";
import { checkGitHub } from "./github-checks.ts";
import { cutLine } from "./plain-text.ts";

const help = `baton doctor: looks whether everything that Baton needs is there, and says what to do.

Usage: baton doctor [--repo PATH] [--output text|json]

Node, git, the walls (raised for real and probed from inside), the repository, policy, workflows, the API key (asked of the
API; costs nothing) and, when GITHUB_TOKEN is set, the repository of \`origin\` on GitHub: the token's rights, whether the
workflow is active there, whether Actions may open pull requests, and whether the secret is set. Nothing is changed.
Each line begins with ok, missing (something will not work) or optional (only needed for what it names).

  --repo PATH        the repository; default: the current folder
  --output FORMAT    text (default) or json

Examples:
  baton doctor
  GITHUB_TOKEN=$(gh auth token) baton doctor --repo ../library

Exit code: 0 when nothing is missing; 1 otherwise.`;

const checks: readonly Check[] = [
  checkNode,
  checkGit,
  checkWalls,
  checkRepository,
  checkPolicy,
  checkWorkflows,
  checkKey,
  checkGitHub,
];

/** These read HEAD, so without a repository they would only repeat that there is none. */
const readingHead: ReadonlySet<Check> = new Set([checkPolicy, checkWorkflows]);

/** `baton doctor`: every check, one line each. */
export const doctorCommand: CliCommand = {
  name: "doctor",
  help,
  options: { repo: { type: "string" }, output: { type: "string" } },
  positionals: { min: 0, max: 0 },
  async run(input) {
    const { terminal } = input;
    const asJson = choiceOption(input, "output", ["text", "json"], "text") === "json";
    const repo = resolve(terminal.cwd, textOption(input, "repo") ?? ".");
    const findings: Finding[] = [];
    for (const check of checks) {
      if (readingHead.has(check) && findings.some(({ mark, what }) => mark === "missing" && what === "repository"))
        continue;
      const found = [await check({ terminal, repo })].flat();
      findings.push(...found);
      if (!asJson) terminal.out(found.map(renderFinding).join(""));
    }
    const count = findings.filter(({ mark }) => mark === "missing").length;
    if (asJson) terminal.out(`${JSON.stringify(findings)}\n`);
    else terminal.out(count === 0 ? "\nNothing is missing.\n" : `\n${count} missing: see the arrows.\n`);
    return count === 0 ? 0 : 1;
  },
};

function renderFinding({ mark, what, found, next }: Finding): string {
  const line = `${mark.padEnd(8)}  ${what.padEnd(10)}  ${cutLine(found, 400)}\n`;
  return next === null ? line : `${line}${" ".repeat(22)}→ ${cutLine(next, 400)}\n`;
}
