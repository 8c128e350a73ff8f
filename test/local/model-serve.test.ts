import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import Anthropic from "@anthropic-ai/sdk";
import { expect, test } from "vitest";

const serve = join(import.meta.dirname, "../../src/local/model/serve.ts");

test("as a process of its own the model says where it is, answers, shows its ledger and ends with its bill", async () => {
  const dir = await mkdtemp(join(tmpdir(), "serve-"));
  await writeFile(join(dir, "script.ts"), 'export const script = () => ({ text: "from the script" as string });\n');
  const child = spawn(process.execPath, [serve, "--script", join(dir, "script.ts"), "--key", "sk-ant-known"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { url, api_key } = JSON.parse(String((await lines.next()).value));
    expect(api_key).toBe("sk-ant-known");
    const client = new Anthropic({ apiKey: api_key, baseURL: url, maxRetries: 0 });
    const answer = await client.messages.create({
      model: "claude-opus-5-5",
      max_tokens: 50,
      messages: [{ role: "user", content: "x" }],
    });
    expect(answer.content).toMatchObject([{ text: "from the script" }]);
    const ledger = (await (await fetch(`${url}/_scripted/ledger`)).json()) as {
      bill: { requests: number };
      requests: unknown[];
    };
    expect([ledger.bill.requests, ledger.requests.length]).toEqual([1, 1]);
    child.kill("SIGTERM");
    expect(JSON.parse(String((await lines.next()).value))).toMatchObject({ bill: { requests: 1 }, problems: [] });
    const [exit] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
    expect(exit).toBe(0);
  } finally {
    child.kill("SIGKILL");
    await rm(dir, { recursive: true, force: true });
  }
});
