import { createHmac, randomUUID } from "node:crypto";
import { readRunName } from "../../src/github/run-name.ts";
import type { Delivery } from "../../src/local/github/records.ts";
import { openStage, stageSecret, stageWorkflow } from "./stage.ts";
import { startServer } from "./start-app.ts";

/** Longest time in ms without a single request to GitHub, after the storm, before the rest counts as lost. */
const patienceMs = 30_000;

export interface StormOptions {
  commands: number;
  deliveries: number;
  kills: number;
  seed: number;
}

export interface StormResult {
  /** Commands with exactly one dispatch at GitHub. */
  effective: number;
  lost: number;
  /** Dispatches beyond the first of a command. */
  double: number;
  /** Status comments beyond the first of an issue. */
  doubleComments: number;
  refusedDeliveries: number;
  ms: number;
}

/**
 * Commands whose deliveries come many times, shuffled and side by side, half of them under new ids, while the App is
 * killed (`kill -9`) and started again; what counts is what GitHub has got in the end.
 */
export async function playStorm(options: StormOptions): Promise<StormResult> {
  const started = performance.now();
  const limits = `limits:\n  day: { usd: 50, runs_per_person: ${options.commands + 10} }\n`;
  const { github, repo, app, pointAt } = await openStage({ policy: `label: baton\n${limits}` });
  const order = {
    kind: "app" as const,
    appId: String(app.id),
    privateKey: app.privateKey,
    webhookSecret: stageSecret,
    baseUrl: github.apiUrl,
    workflow: stageWorkflow,
  };
  let server = await startServer({ ...order, port: 0 });
  const port = Number(new URL(server.url).port);
  pointAt(server.url);
  try {
    github.install(app, "acme", { repositories: [repo] });
    await github.settled();
    const wendy = github.as("wendy");
    github.webhooks.intercept = ({ event }) => (event === "issue_comment" ? "hold" : "deliver");
    const issues: number[] = [];
    for (let at = 0; at < options.commands; at++) {
      const number = await wendy.openIssue("acme/shop", { title: `T${at}`, body: "B" });
      await wendy.comment("acme/shop", number, "/continue");
      issues.push(number);
    }
    await github.settled();
    // The sweep of a fresh App may be at work already: its own comments are no commands.
    const sent = github.webhooks.held.splice(0).filter(({ request }) => request.raw.includes('"body":"/continue"'));
    github.webhooks.intercept = ({ event }) => (event === "issue_comment" ? "drop" : "deliver");
    let refusedDeliveries = 0;
    const queue = shuffle(
      Array.from({ length: options.deliveries }, (_, at) => sent[at % sent.length]!),
      options.seed,
    );
    const killEvery = Math.ceil(options.deliveries / (options.kills + 1));
    for (let at = 0; at < queue.length; at += killEvery) {
      const part = queue.slice(at, at + killEvery);
      const sending = sendAll(server.url, part, () => {
        refusedDeliveries += 1;
      });
      if (at + killEvery < queue.length) {
        // Amid what it has just taken: some is answered and not done, some done and not answered. Counted in requests to
        // GitHub, so that a slow machine is hit in the same places as a fast one.
        await grown(github.requests, 4 + (((options.seed + at) * 17) % 61));
        await server.kill();
      }
      await sending;
      if (at + killEvery < queue.length) server = await startServer({ ...order, port });
    }
    // What was acknowledged and dies with the last process is found by the sweep at the next start.
    await server.kill();
    server = await startServer({ ...order, port });
    let requests = github.requests.length;
    for (let quiet = 0; count().effective < options.commands && quiet < patienceMs; quiet += 250) {
      await pause(250);
      if (github.requests.length > requests) quiet = 0;
      requests = github.requests.length;
    }
    // Whatever is still under way may only show itself as a double.
    await pause(2_000);
    await github.settled();
    return { ...count(), refusedDeliveries, ms: performance.now() - started };

    function count() {
      const keys = github.actions.runs
        .filter((run) => run.event === "workflow_dispatch")
        .map((run) => readRunName(run.display_title)?.eventId ?? "");
      const ids = sent.map((delivery) => (delivery.request.payload as { comment: { id: number } }).comment.id);
      const each = ids.map((id) => keys.filter((key) => key === `comment-${id}`).length);
      const statuses = [...github.store.comments.values()].filter(({ body }) => body.startsWith("<!-- baton:status"));
      return {
        effective: each.filter((times) => times === 1).length,
        lost: each.filter((times) => times === 0).length,
        double: keys.length - new Set(keys).size,
        doubleComments: statuses.length - issues.length,
      };
    }
  } finally {
    await server.kill();
    await github.close();
  }
}

async function sendAll(url: string, deliveries: readonly Delivery[], refused: () => void): Promise<void> {
  const waiting = deliveries.map((delivery, at) => ({ delivery, isNew: at % 2 === 1 }));
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const { headers, raw } = next.delivery.request;
        const id = next.isNew ? randomUUID() : headers["x-github-delivery"]!;
        const signature = `sha256=${createHmac("sha256", stageSecret).update(raw).digest("hex")}`;
        const sent = { ...headers, "x-github-delivery": id, "x-hub-signature-256": signature };
        await fetch(url, { method: "POST", headers: sent, body: raw }).then(
          (answer) => answer.arrayBuffer(),
          () => refused(),
        );
      }
    }),
  );
}

function shuffle<T>(items: T[], seed: number): T[] {
  let state = seed;
  for (let at = items.length - 1; at > 0; at--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (at + 1));
    [items[at], items[other]] = [items[other]!, items[at]!];
  }
  return items;
}

/** Waits until a list has grown by `count`, at most five seconds: an App with nothing to do is killed as well. */
async function grown(list: readonly unknown[], count: number): Promise<void> {
  const goal = list.length + count;
  const end = performance.now() + 5_000;
  while (list.length < goal && performance.now() < end) await pause(5);
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
