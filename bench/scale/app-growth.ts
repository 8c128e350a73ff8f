import { readFile } from "node:fs/promises";
import { openStage, stageSecret, stageWorkflow } from "../app/stage.ts";
import { startServer } from "../app/start-app.ts";

/** The App with so many sessions under its care. */
export interface AppAt {
  sessions: number;
  /** From a label to the dispatch of its run and the status comment, ms; one at a time. */
  startMs: number[];
  /** Resident memory of the App's process after them, MB. */
  memoryMb: number;
}

/** Labels measured at each point. */
const samples = 12;

/** Starts sessions by labels, as people do, until each point is reached; the App keeps no list of them, which this shows. */
export async function growApp(points: readonly number[], say: (line: string) => void): Promise<AppAt[]> {
  const policy = "label: baton\nlimits:\n  day: { usd: 100000, runs_per_person: 100000 }\n";
  // An hour's quota would end the growth, and not because of the App.
  const primary = { anonymous: 0, user: 1e9, app: 1e9, installation: 1e9, job: 0 };
  const { github, repo, app, pointAt } = await openStage({ policy, github: { limits: { primary } } });
  const server = await startServer({
    ...{ kind: "app", appId: String(app.id), privateKey: app.privateKey, webhookSecret: stageSecret },
    ...{ baseUrl: github.apiUrl, workflow: stageWorkflow, port: 0 },
  });
  try {
    pointAt(server.url);
    github.install(app, "acme", { repositories: [repo] });
    await github.settled();
    const wendy = github.as("wendy");
    let sessions = 0;
    const start = async (): Promise<number> => {
      const number = await wendy.openIssue("acme/shop", { title: `T${sessions}`, body: "B" });
      const started = performance.now();
      await wendy.label("acme/shop", number, "baton");
      sessions += 1;
      while (github.actions.runs.length < sessions) {
        if (performance.now() - started > 60_000) throw new Error(`the label of session ${sessions} started nothing`);
        await new Promise((done) => setTimeout(done, 2));
      }
      return performance.now() - started;
    };
    const found: AppAt[] = [];
    for (const point of points) {
      const startMs: number[] = [];
      while (sessions < point) {
        const ms = await start();
        if (sessions > point - samples) startMs.push(ms);
      }
      found.push({ sessions, startMs, memoryMb: await residentMb(server.pid) });
      say(`the App with ${point} sessions`);
    }
    return found;
  } finally {
    await server.kill();
    await github.close();
  }
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024;
}
