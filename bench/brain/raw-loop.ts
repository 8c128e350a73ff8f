/** The floor: the plainest agent loop that works. One tool, no walls, no journal, nothing given up, two moving cache marks. */
import { spawn } from "node:child_process";

const system =
  "You are a coding agent. Solve the task with the bash tool in the current directory. Answer in text when done.";
const schema = { type: "object", properties: { command: { type: "string" } }, required: ["command"] };
const tools = [{ name: "bash", description: "Run a bash command.", input_schema: schema }];
const mark = { cache_control: { type: "ephemeral" } };

interface Block {
  type: string;
  [key: string]: unknown;
}

function run(command: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn("/bin/bash", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
    child.once("close", () => resolve(text || "(no output)"));
  });
}

async function ask(model: string, messages: { role: string; content: Block[] }[]): Promise<Block[]> {
  const users = messages.filter(({ role }) => role === "user").slice(-2);
  const marked = messages.map((message) => {
    if (!users.includes(message)) return message;
    return { ...message, content: message.content.map((b, i, all) => (i === all.length - 1 ? { ...b, ...mark } : b)) };
  });
  const reply = await fetch(`${process.env.ANTHROPIC_BASE_URL}/v1/messages`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-api-key": process.env.ANTHROPIC_API_KEY ?? "",
      "anthropic-version": "2023-06-01",
    },
    body: JSON.stringify({ model, max_tokens: 8_000, system, tools, messages: marked }),
  });
  if (!reply.ok) throw new Error(await reply.text());
  return ((await reply.json()) as { content: Block[] }).content;
}

const [model = "", prompt = ""] = process.argv.slice(2);
const messages: { role: string; content: Block[] }[] = [{ role: "user", content: [{ type: "text", text: prompt }] }];
for (;;) {
  const content = await ask(model, messages);
  messages.push({ role: "assistant", content });
  const calls = content.filter(({ type }) => type === "tool_use");
  if (calls.length === 0) break;
  const results: Block[] = [];
  for (const { id, input } of calls) {
    results.push({ type: "tool_result", tool_use_id: id, content: await run((input as { command: string }).command) });
  }
  messages.push({ role: "user", content: results });
}
