import { resolve } from "node:path";
import type { SessionKey } from "../domain/session-key.ts";
import { builtInPlaybooks } from "../maintenance/built-in-playbooks.ts";
import { decideDue, type PlaybookHistory } from "../maintenance/decide-due.ts";
import { playbookFolder } from "../maintenance/playbook.ts";
import { readPlaybooks } from "../maintenance/read-playbooks.ts";
import { readFoundPolicy } from "../policy/read-policy.ts";
import { type CliCommand, textOption } from "./command.ts";
import { policyPath, readGit, readHeadFile } from "./local-place.ts";
import { plainText } from "./plain-text.ts";
import { openSessionShelf } from "./session-shelf.ts";

const help = `baton maintenance: which nightly chores are due, and why.

Usage: baton maintenance --list [--repo PATH] [--day YYYY-MM-DD]

Reads the policy and the playbooks of HEAD and the sessions of refs/baton/maintenance-*. The night itself is decided by the
workflow baton-nightly on GitHub, which also knows of open pull requests and of the day's money; this starts nothing.

  --list         list the playbooks (the only thing this command does)
  --repo PATH    the repository; default: the current folder
  --day DAY      as of that UTC day; default: today

Examples:
  baton maintenance --list
  baton maintenance --list --day 2026-11-23

Exit code: 0; 1 when a playbook cannot be read; 2 when the policy cannot.`;

/** `baton maintenance --list`: playbooks, due or not, each with its reason. */
export const maintenanceCommand: CliCommand = {
  name: "maintenance",
  help,
  options: { list: { type: "boolean" }, repo: { type: "string" }, day: { type: "string" } },
  positionals: { min: 0, max: 0 },
  async run(input) {
    const { terminal } = input;
    if (input.values.list !== true) {
      terminal.err(
        "baton maintenance: --list is missing; it is the only thing this command does. See: baton maintenance --help\n",
      );
      return 2;
    }
    const day = textOption(input, "day") ?? new Date().toISOString().slice(0, 10);
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(day))) {
      terminal.err(`baton maintenance: --day is ${JSON.stringify(day)}; allowed is a date such as 2026-11-23.\n`);
      return 2;
    }
    await using shelf = await openSessionShelf(resolve(terminal.cwd, textOption(input, "repo") ?? "."));
    const { root } = shelf.place;
    const { policy } = readFoundPolicy(await readHeadFile(root, policyPath), policyPath);
    const names = policy.maintenance.playbooks;
    const { playbooks, broken } = readPlaybooks(names, await readPlaybookFiles(root));
    const keys = await shelf.keys();
    const lines = playbooks.map((playbook) => {
      const due = decideDue(playbook, day, historyOf(playbook.name, keys));
      return `${due.kind === "not_due" ? "not due" : "due    "}  ${playbook.name}: ${due.reason}${due.kind === "not_due" ? "" : ` (${due.key})`}\n         ${playbook.description}`;
    });
    lines.push(...broken.map(({ name, error }) => `broken   ${name}: ${error.message} ${error.hint}`));
    const off = [...builtInPlaybooks.keys()].filter((name) => !names.includes(name));
    if (off.length > 0)
      lines.push(`off      ${off.join(", ")}: built in; switch on with \`maintenance.playbooks\` in ${policyPath}`);
    terminal.out(`${plainText(lines.join("\n"))}\n`);
    return broken.length > 0 ? 1 : 0;
  },
};

async function readPlaybookFiles(root: string): Promise<Map<string, string>> {
  const listed = await readGit(root, "ls-tree", "--name-only", "HEAD", `${playbookFolder}/`).catch(() => "");
  const files = new Map<string, string>();
  for (const path of listed.split("\n").filter((name) => name.endsWith(".md"))) {
    const text = await readHeadFile(root, path);
    if (text !== null) files.set(path, text);
  }
  return files;
}

function historyOf(name: string, keys: readonly SessionKey[]): PlaybookHistory {
  const pattern = new RegExp(`^maintenance-${name}-(\\d{4})(\\d{2})(\\d{2})$`);
  const sessions = keys.flatMap((key) => {
    const match = pattern.exec(key);
    return match ? [{ key, day: `${match[1]}-${match[2]}-${match[3]}` }] : [];
  });
  return { sessions, open: null };
}
