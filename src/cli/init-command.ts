import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ConfigError } from "../domain/errors.ts";
import { guessSetup } from "../policy/guess-setup.ts";
import { renderPolicyFile } from "../policy/policy-file.ts";
import { readPolicy } from "../policy/read-policy.ts";
import { type CliCommand, textOption } from "./command.ts";
import { actionReference, renderWorkflow, targetPathOf, workflowFiles } from "./init-files.ts";
import { findRepository, policyPath } from "./local-place.ts";
import { findPackageRoot } from "./package-root.ts";

const help = `baton init: write the policy and the workflows that a repository needs on GitHub.

Usage: baton init [--repo PATH] [--uses OWNER/REPO@REF] [--force]

Writes .github/baton.yml (every default, explained), .github/workflows/baton.yml and .github/workflows/baton-nightly.yml.
A file that is there already is left as it is, and said; run it as often as you like. Nothing is committed.

  --repo PATH    the repository; default: the current folder
  --uses REF     the action that the workflows name; default: ${actionReference}
  --force        replace workflows that differ; the policy is never replaced

Examples:
  baton init
  baton init --repo ../library --uses my-fork/baton@v0

Exit code: 0; 2 when the policy that is there cannot be read.`;

/** `baton init`: writes policy and workflows; what is there stays. */
export const initCommand: CliCommand = {
  name: "init",
  help,
  options: { repo: { type: "string" }, uses: { type: "string" }, force: { type: "boolean" } },
  positionals: { min: 0, max: 0 },
  async run(input) {
    const { terminal } = input;
    const uses = readUses(textOption(input, "uses"));
    const { root } = await findRepository(resolve(terminal.cwd, textOption(input, "repo") ?? "."));
    const lines = [await ensurePolicy(root)];
    for (const [path, text] of await renderWorkflows(uses))
      lines.push(await ensureWorkflow(root, { path, text, force: input.values.force === true }));
    terminal.out(`${lines.join("\n")}\n\n${nextSteps}\n`);
    return 0;
  },
};

const nextSteps = `Next:
1. Read ${policyPath}, then commit and push these files to the default branch.
2. Add the secret ANTHROPIC_API_KEY: Settings, Secrets and variables, Actions.
3. Settings, Actions, General, Workflow permissions: allow GitHub Actions to create pull requests.
4. Put the label \`baton\` on an issue. \`baton doctor\` says what is missing.`;

/** The workflows of a repository that uses Baton, path → text. */
export async function renderWorkflows(uses: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const file of workflowFiles) {
    const template = await readFile(join(findPackageRoot(), file), "utf8");
    texts.set(targetPathOf(file), renderWorkflow(template, { uses }));
  }
  return texts;
}

async function ensurePolicy(root: string): Promise<string> {
  const path = join(root, policyPath);
  const there = await readFile(path, "utf8").catch(() => null);
  if (there !== null) {
    readPolicy(there, policyPath);
    return `there     ${policyPath}: it can be read`;
  }
  const entries = await readdir(root, { withFileTypes: true });
  const guess = guessSetup(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, renderPolicyFile(guess));
  const setUp = guess.commands.length > 0 ? `set-up guessed: ${guess.commands.join(", ")}` : "no set-up guessed";
  return `written   ${policyPath}: ${setUp}`;
}

async function ensureWorkflow(root: string, file: { path: string; text: string; force: boolean }): Promise<string> {
  const path = join(root, file.path);
  const there = await readFile(path, "utf8").catch(() => null);
  if (there === file.text) return `there     ${file.path}: as this Baton writes it`;
  if (there !== null && !file.force)
    return `different ${file.path}: left as it is; --force replaces it with this Baton's`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, file.text);
  return `${there === null ? "written  " : "replaced "} ${file.path}`;
}

function readUses(text: string | undefined): string {
  if (text === undefined) return actionReference;
  if (/^(?:[\w.-]+\/[\w.-]+(?:\/[\w./-]+)?@[\w./-]+|\.\/)$/.test(text)) return text;
  throw new ConfigError(
    `--uses is ${JSON.stringify(text)}; allowed is owner/repository@ref, or ./ for this repository itself.`,
    {
      hint: `For example --uses ${actionReference}.`,
    },
  );
}
