import { lookup } from "node:dns/promises";
import { chmodSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect, isIP, type Socket } from "node:net";
import { join } from "node:path";
import { isInnerAddress, isOwnAddress } from "./addresses.ts";
import { type AllowedHost, findAllowed, normaliseHost, type Registries, readAllowList } from "./allow-list.ts";
import { makeScratch } from "./scratch.ts";

/** What may be asked, and how names become addresses. */
export interface ProxySpec {
  /** Hosts (`example.org`, `example.org:8443`, `*.example.org`) or ecosystems (`npm`, `pip`, …). */
  allow: readonly string[];
  registries?: Registries;
  /** Every address of a name; the system's resolver when absent. */
  resolve?: (host: string) => Promise<string[]>;
}

/** The only way out of the walls: a proxy on a unix socket. */
export interface Proxy extends AsyncDisposable {
  socketPath: string;
  /** Attempts that were refused, as `host:port (why)`, each once. */
  blocked(): string[];
  close(): Promise<void>;
}

type Opening =
  | { kind: "allowed"; address: string }
  | { kind: "refused"; why: string }
  | { kind: "unknown"; why: string };

const connectMs = 30_000;
/** Of blocked attempts kept for the report. */
const maxBlocked = 200;

async function resolveAll(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** Decides by name first, then resolves once and pins: what was checked is what is connected to. */
async function decideOpening(
  list: readonly AllowedHost[],
  host: string,
  port: number,
  resolve: (host: string) => Promise<string[]>,
): Promise<Opening> {
  const allowed = findAllowed(list, host, port);
  if (!allowed) return { kind: "refused", why: "not on the allow-list" };
  const name = normaliseHost(host);
  let addresses: string[];
  try {
    addresses = isIP(name) ? [name] : await resolve(name);
  } catch {
    return { kind: "unknown", why: "its name cannot be resolved" };
  }
  const isClosed = !allowed.literal ? isInnerAddress : isIP(name) || name === "localhost" ? () => false : isOwnAddress;
  const address = addresses.find((one) => !isClosed(one));
  if (address === undefined)
    return {
      kind: "refused",
      why: `it leads into a private network${allowed.literal ? " of this machine alone" : ""}`,
    };
  return { kind: "allowed", address };
}

/** Starts a proxy for CONNECT and plain HTTP. It adds nothing to requests and knows no credential. */
export async function startProxy(spec: ProxySpec): Promise<Proxy> {
  const list = readAllowList(spec.allow, spec.registries);
  const resolve = spec.resolve ?? resolveAll;
  const refused = new Set<string>();
  const sockets = new Set<Socket>();
  const dir = makeScratch("baton-proxy-");
  const socketPath = join(dir, "proxy.sock");
  const open = async (host: string, port: number): Promise<Opening> => {
    const opening = await decideOpening(list, host, port, resolve);
    if (opening.kind !== "allowed" && refused.size < maxBlocked)
      refused.add(`${host.slice(0, 253)}:${port} (${opening.why})`);
    return opening;
  };
  const server = createServer((incoming, response) => {
    void forwardPlain(open, incoming, response).catch(() => response.destroy());
  });
  server.on("connect", (incoming: IncomingMessage, client: Socket, head: Buffer) => {
    client.on("error", () => client.destroy());
    void tunnel(open, incoming.url ?? "", client, head).catch(() => client.destroy());
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen(socketPath, done);
  });
  chmodSync(dir, 0o755);
  chmodSync(socketPath, 0o666);
  const proxy: Proxy = {
    socketPath,
    blocked: () => [...refused],
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
      rmSync(dir, { recursive: true, force: true });
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  };
  return proxy;
}

type Opener = (host: string, port: number) => Promise<Opening>;

const said = (host: string, opening: Exclude<Opening, { kind: "allowed" }>): string =>
  `Baton's network policy: ${host} is refused, ${opening.why}.\n`;

async function tunnel(open: Opener, target: string, client: Socket, head: Buffer): Promise<void> {
  const found = /^(\[[0-9a-fA-F:.]+\]|[^:/@\s]+):(\d{1,5})$/.exec(target);
  if (!found) {
    client.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    return;
  }
  const host = normaliseHost(found[1]!);
  const opening = await open(host, Number(found[2]));
  if (opening.kind !== "allowed") {
    const body = said(host, opening);
    client.end(
      `HTTP/1.1 ${opening.kind === "refused" ? "403 Forbidden" : "502 Bad Gateway"}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
    return;
  }
  const upstream = connect({ host: opening.address, port: Number(found[2]), timeout: connectMs });
  const drop = (): void => {
    client.destroy();
    upstream.destroy();
  };
  upstream.once("error", drop);
  upstream.once("timeout", drop);
  client.once("close", () => upstream.destroy());
  upstream.once("close", () => client.destroy());
  upstream.once("connect", () => {
    upstream.setTimeout(0);
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (head.length > 0) upstream.write(head);
    upstream.pipe(client);
    client.pipe(upstream);
  });
}

/** Headers that concern one connection only. RFC 9110, 7.6.1. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

async function forwardPlain(open: Opener, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  let url: URL;
  try {
    url = new URL(incoming.url ?? "");
  } catch {
    response.writeHead(400).end("Baton's proxy takes absolute http:// addresses.\n");
    return;
  }
  if (url.protocol !== "http:") {
    response.writeHead(400).end("Only http:// goes in the clear; https:// is tunnelled.\n");
    return;
  }
  const port = url.port === "" ? 80 : Number(url.port);
  const host = normaliseHost(url.hostname);
  const opening = await open(host, port);
  if (opening.kind !== "allowed") {
    response.writeHead(opening.kind === "refused" ? 403 : 502).end(said(host, opening));
    return;
  }
  const named = (incoming.headers.connection ?? "").toLowerCase().split(/[\s,]+/);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).filter(([name]) => !hopByHop.has(name) && !named.includes(name)),
  );
  // else the body of a method that rarely has one would go out without its frame, as a request of its own
  if (incoming.headers["transfer-encoding"]) headers["transfer-encoding"] = "chunked";
  const upstream = request(
    {
      host: opening.address,
      port,
      method: incoming.method,
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host },
      timeout: connectMs,
      setHost: false,
    },
    (answer) => {
      const back = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !hopByHop.has(name)));
      response.writeHead(answer.statusCode ?? 502, back);
      answer.pipe(response);
    },
  );
  upstream.once("error", () =>
    response.headersSent ? response.destroy() : response.writeHead(502).end("the host did not answer\n"),
  );
  incoming.pipe(upstream);
}
