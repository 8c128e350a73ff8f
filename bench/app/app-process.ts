import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serveApp } from "../../src/app/serve.ts";

/** What a server process is told, as JSON in `BATON_BENCH_APP`. */
export interface AppOrder {
  /** `floor` is a bare server that reads the body and answers 202. */
  kind: "app" | "floor";
  appId: string;
  privateKey: string;
  webhookSecret: string;
  baseUrl: string;
  port: number;
  workflow: string;
}

const order = JSON.parse(process.env.BATON_BENCH_APP ?? "{}") as AppOrder;

async function startFloor(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(202).end());
  });
  await new Promise<void>((done) => server.listen(order.port, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const { kind, ...options } = order;
const url =
  kind === "floor"
    ? await startFloor()
    : (
        await serveApp({
          ...options,
          sweepEveryMs: 0,
          log: () => {},
        })
      ).url;
process.stdout.write(`${url}\n`);
