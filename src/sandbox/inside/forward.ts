import { connect, createServer } from "node:net";

/**
 * Listens on 127.0.0.1 inside the walls and hands every connection to the proxy's unix socket: npm and pip speak only to TCP
 * proxies. Prints an empty line once it listens.
 */
export function forward(socketPath: string, port: number): void {
  const server = createServer((client) => {
    const upstream = connect(socketPath);
    client.pipe(upstream).pipe(client);
    const drop = (): void => {
      client.destroy();
      upstream.destroy();
    };
    client.on("error", drop);
    upstream.on("error", drop);
  });
  server.listen(port, "127.0.0.1", () => console.log());
}
