import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import type { Event } from "../../src/domain/event.ts";
import type { Answer } from "../../src/local/model/script.ts";
import { startScriptedModel } from "../../src/local/model/start-scripted-model.ts";
import { findProgram } from "../../src/sandbox/host.ts";
import { finish, foldAccents, proposeContract, slugFiles, slugScript } from "../helpers/slug-story.ts";
import { createFakeTerminal } from "./fake-terminal.ts";
import { createRepository, git } from "./repository.ts";

const long = "sleep 60";
/** `npm run bench -- crash` plays these too, on real processes. */
const inFull = (title: string, play: () => Promise<void>): void => {
  if (process.env.BATON_FULL) it(title, play);
};

/** A local run that is cancelled when `isTime` first says so of what it has told. */
async function cancelAmid(
  policy: string,
  isTime: (event: Event) => boolean,
  worker: Answer[] = [foldAccents as Answer, finish() as Answer],
) {
  await using model = await startScriptedModel({ script: slugScript(worker, proposeContract) });
  const repo = createRepository(slugFiles(policy));
  const cancel = new AbortController();
  const events: Event[] = [];
  let at = 0;
  const terminal = createFakeTerminal({
    cwd: repo,
    env: { PATH: process.env.PATH, ANTHROPIC_API_KEY: model.apiKey, ANTHROPIC_BASE_URL: model.url },
    signal: cancel.signal,
  });
  const stop = (): void => {
    at = performance.now();
    cancel.abort(new Error("received SIGINT"));
  };
  const { out } = terminal;
  terminal.out = (text) => {
    out(text);
    for (const line of text.trim().split("\n")) {
      const event = JSON.parse(line) as Event;
      if (!("seq" in event)) continue;
      events.push(event);
      if (!cancel.signal.aborted && isTime(event)) setTimeout(stop, 700);
    }
  };
  await runCli(["run", "--task", "Fold accents and collapse runs of spaces", "--output", "stream-json"], terminal);
  const summary = JSON.parse(terminal.written.out.trim().split("\n").at(-1)!) as { session_id: string };
  const types = events.map(({ type }) => type);
  const branch = `heads/baton/${summary.session_id}`;
  return { summary, types, ms: performance.now() - at, git: (...args: string[]) => git(repo, ...args), branch };
}

// Needs bubblewrap: the model's commands run nowhere else.
describe.skipIf(findProgram("bwrap") === null)("a run that is cancelled", { timeout: 300_000 }, () => {
  it("amid the set-up is cancelled, and nothing is said of the set-up", async () => {
    const { summary, types } = await cancelAmid(
      `setup: [${long}]\noracles: []\n`,
      ({ type }) => type === "day_allowance",
    );
    expect(summary).toMatchObject({ stop_reason: "cancelled", resumable: true });
    expect(types).not.toContain("setup_ran");
  });

  it("amid an oracle on the base freezes and refuses nothing", async () => {
    const isTime = (event: Event) => event.type === "context_closed" && event.data.role === "initializer";
    const { summary, types } = await cancelAmid(`setup: []\noracles: [${long}]\n`, isTime);
    expect(summary).toMatchObject({ stop_reason: "cancelled", resumable: true });
    expect(types.filter((type) => type.startsWith("contract_"))).toEqual([]);
  });

  inFull("amid an oracle on the work judges nothing, and the work is on the branch", async () => {
    const policy = `setup: []\noracles: ["! grep -q NFD slug.js || ${long}"]\n`;
    const played = await cancelAmid(policy, ({ type }) => type === "work_finished");
    expect(played.summary).toMatchObject({ stop_reason: "cancelled", resumable: true });
    expect(played.types).not.toContain("verdict_given");
    expect(played.git("show", `${played.branch}:slug.js`)).toContain("NFD");
  });

  inFull("amid a command leaves the call without a result, and everything is saved once", async () => {
    const command = { toolCalls: [{ name: "bash", input: { command: long } }] };
    const isTime = (event: Event) =>
      event.type === "tool_started" && event.data.tool === "bash" && event.role === "worker";
    const played = await cancelAmid("setup: []\noracles: []\n", isTime, [foldAccents as Answer, command]);
    expect(played.summary).toMatchObject({ stop_reason: "cancelled", resumable: true });
    expect(played.types.lastIndexOf("tool_started")).toBeGreaterThan(played.types.lastIndexOf("tool_finished"));
    const last = played.types.slice(played.types.lastIndexOf("context_closed"));
    // One commit and one push say it all; the second push closes the run.
    expect(last.filter((type) => type === "work_committed")).toHaveLength(1);
    expect(played.git("log", "-1", "--format=%s", played.branch)).toContain("(cancelled)");
    expect(played.git("show", `${played.branch}:slug.js`)).toContain("NFD");
  });
});
