import { z } from "zod";
import { type Event, type EventInput, type EventType, eventSchemas } from "../../src/domain/event.ts";
import type { Tool, ToolOutcome } from "../../src/domain/tool.ts";
import type { Script } from "../../src/local/model/script.ts";
import { startScriptedModel } from "../../src/local/model/start-scripted-model.ts";
import type { Model } from "../../src/loop/model.ts";
import { createModel } from "../../src/loop/model.ts";
import { findPrice } from "../../src/loop/prices.ts";
import type { ContextSpec, Hands, InboxItem } from "../../src/loop/spec.ts";
import { decideMaxTokens } from "../../src/loop/spend.ts";

/** A tool that answers with text and notes each call. */
export function tool(
  name: string,
  shape: z.ZodRawShape,
  run: (input: Record<string, unknown>) => Partial<ToolOutcome> | Promise<Partial<ToolOutcome>>,
  repeatable = false,
): Tool {
  return {
    name,
    description: `The tool ${name}.`,
    schema: z.strictObject(shape) as unknown as z.ZodType<unknown>,
    repeatable,
    run: async (input) => ({ content: "ok", isError: false, ...(await run(input as Record<string, unknown>)) }),
  };
}

export const note = {
  ...{ done: ["one"], in_progress: "two", next_steps: ["three"], decisions: [] },
  ...{ tried_and_failed: [], gotchas: [], questions_for_human: [] },
};

/** A workspace of one number, and the tools that see and change it. */
export function createWorkspace() {
  const calls: string[] = [];
  const space = { value: 0, calls, world: () => `tree-${space.value}` };
  const tools: Tool[] = [
    tool("bash", { command: z.string() }, ({ command }) => {
      calls.push(String(command));
      if (command === "edit") space.value += 1;
      return { content: `${command}: ${space.value}`, exit: command === "fail" ? 1 : 0 };
    }),
    tool("read", { path: z.string() }, ({ path }) => ({ content: `text of ${path}` }), true),
    tool("finish", { summary: z.string(), criteria: z.array(z.string()).optional() }, (input) => ({
      signal: { kind: "finish", summary: String(input.summary), criteria: input.criteria as string[] | undefined },
    })),
    tool("handoff", { done: z.array(z.string()) }, ({ done }) => ({
      signal: { kind: "handoff", note: { ...note, done: done as string[] } },
    })),
  ];
  return { ...space, tools, space };
}

export interface Bench {
  events: Event[];
  hands: Hands;
  spec: ContextSpec;
  model: Awaited<ReturnType<typeof startScriptedModel>>;
  space: ReturnType<typeof createWorkspace>["space"];
  delays: number[];
  spent(): number;
}

export interface BenchOptions {
  script: Script;
  events?: Event[];
  budgetUsdMicro?: number;
  turns?: number;
  model?: string;
  inbox?: () => InboxItem[];
  idleMs?: number;
  remainingMs?: () => number;
  remainingShare?: () => number;
  spec?: Partial<ContextSpec>;
  signal?: AbortSignal;
  wrap?: (model: Model) => Model;
}

/** A context on the scripted model, with an in-memory journal and a budget that is kept. */
export async function openBench(options: BenchOptions): Promise<Bench> {
  const model = await startScriptedModel({ script: options.script });
  const events: Event[] = [...(options.events ?? [])];
  const { tools, space } = createWorkspace();
  const name = options.model ?? "claude-sonnet-5-5";
  const delays: number[] = [];
  const spent = (): number => spendOf(events);
  const real = createModel({ apiKey: model.apiKey, baseUrl: model.url, idleMs: options.idleMs ?? 5_000 });
  const hands: Hands = {
    model: options.wrap ? options.wrap(real) : real,
    async record(type, data, role) {
      const event = makeEvent(events, type, data, role);
      events.push(event);
      return event;
    },
    history: () => events,
    async authorize({ promptTokensBound, wantedMaxTokens, purpose }) {
      const turns = events.filter(({ type }) => type === "reply_received").length;
      if (purpose === "turn" && turns >= (options.turns ?? 1_000)) return { kind: "ceiling", reason: "max_turns" };
      const remainingUsdMicro = (options.budgetUsdMicro ?? 100_000_000) - spent();
      const { price } = findPrice(name, new Date());
      const grant = decideMaxTokens({ promptTokensBound, wantedMaxTokens, remainingUsdMicro }, price);
      return grant.kind === "granted" ? grant : { kind: "ceiling", reason: "max_budget" };
    },
    readInbox: async () => options.inbox?.() ?? [],
    worldHash: async () => space.world(),
    turnEnded: () => {},
    now: () => new Date(),
    remainingMs: options.remainingMs ?? (() => 600_000),
    remainingShare: options.remainingShare,
    signal: options.signal ?? new AbortController().signal,
    sleep: async (ms) => {
      delays.push(ms);
    },
    random: () => 0.5,
  };
  const spec: ContextSpec = {
    ...{ context: "c1", role: "worker", model: name, system: "You work.".repeat(300), firstMessage: "Do it." },
    ...{ criterion: "C1", tools },
    ...options.spec,
  };
  return { events, hands, spec, model, space, delays, spent };
}

export function makeEvent<T extends EventType>(
  events: readonly Event[],
  type: T,
  data: EventInput<T>,
  role?: string,
): Event {
  const parsed = eventSchemas[type].parse(data);
  const stored = JSON.parse(JSON.stringify(parsed)) as unknown;
  const head = {
    v: 1,
    seq: events.length + 1,
    at: new Date(0).toISOString(),
    epoch: 1,
    role: role ?? "harness",
    prev: "",
  };
  return { ...head, type, data: stored } as unknown as Event;
}

/** Recorded spend, an open reservation included. */
export function spendOf(events: readonly Event[]): number {
  let settled = 0;
  let open = 0;
  for (const event of events) {
    if (event.type === "request_sent") {
      settled += open;
      open = event.data.reserved_usd_micro;
    }
    if (event.type === "reply_received" || event.type === "request_failed") {
      settled += event.data.cost_usd_micro;
      open = 0;
    }
  }
  return settled + open;
}

/** Deterministic pseudo-random numbers (mulberry32). */
export function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const bash = (command: string) => ({ name: "bash", input: { command } });
export const finish = { toolCalls: [{ name: "finish", input: { summary: "done" } }] };

/** The messages of each request as sent, without cache marks. */
export function sentMessages(bench: Bench): string[] {
  const bodies = bench.model.requests().filter(({ path }) => path.includes("/v1/messages"));
  return bodies.map(({ body }) =>
    JSON.stringify(body?.messages, (key, value) => (key === "cache_control" ? undefined : value)),
  );
}
