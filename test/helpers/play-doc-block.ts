import { writeFileSync } from "node:fs";
import { join } from "node:path";
import examples from "@octokit/webhooks-examples";
import { expect } from "vitest";
import { baton } from "../cli/fake-terminal.ts";
import { createRepository } from "../cli/repository.ts";
import { commandLines, type DocBlock, splitCommands } from "./doc-blocks.ts";

function payload(name: string, action: string): { comment?: { body: string; created_at: string; updated_at: string } } {
  type Example = ReturnType<typeof payload> & { action?: string };
  const all = examples as unknown as { name: string; examples: Example[] }[];
  return structuredClone(all.find((one) => one.name === name)!.examples.find((one) => one.action === action)!);
}

function writePayloads(dir: string): void {
  const comment = payload("issue_comment", "created");
  comment.comment = { ...comment.comment!, body: "/continue", updated_at: comment.comment!.created_at };
  writeFileSync(join(dir, "labeled.json"), JSON.stringify(payload("issues", "labeled")));
  writeFileSync(join(dir, "comment.json"), JSON.stringify(comment));
  writeFileSync(join(dir, "bug.yml"), "label: bug\n");
}

/** The places in which tested blocks are played, by the name after `tested=`. */
const places: Record<string, () => string> = {
  library: () => createRepository({ "package-lock.json": "{}\n" }),
  installed: () => createRepository({ "package-lock.json": "{}\n" }),
  chores: () =>
    createRepository({
      ".github/baton.yml": "maintenance: { playbooks: [dependency-updates, flaky-tests, nope] }\n",
    }),
  payloads: () => {
    const dir = createRepository({ "a.txt": "a\n" });
    writePayloads(dir);
    return dir;
  },
};

/** Plays the `$ baton …` lines of a block in its place, and holds the output against the lines below them; `…` is anything. */
export async function playBlock(block: DocBlock): Promise<void> {
  const name = block.marks.find((mark) => mark.startsWith("tested="))!.slice("tested=".length);
  const cwd = places[name]!();
  if (name === "installed") await baton(["init"], { cwd });
  let printed = "";
  let code = 0;
  for (const line of commandLines(block)) {
    const [words = []] = splitCommands(line);
    expect(words[0], `${block.at}: only baton is played`).toBe("baton");
    const result = await baton(words.slice(1), { cwd, env: { PATH: process.env.PATH } });
    code = result.code;
    printed += `$ ${line}\n${result.out}${result.err}`;
  }
  const shown = printed.replaceAll(cwd, "/home/ada/library").trimEnd();
  const pattern = block.text
    .trimEnd()
    .split("…")
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[\\s\\S]*");
  if (!new RegExp(`^${pattern}$`).test(shown)) expect(shown, block.at).toBe(block.text.trimEnd());
  expect(code, `exit code of ${block.at}`).toBe(Number(/^\s*Exit code (\d+)/.exec(block.after)?.[1] ?? 0));
}
