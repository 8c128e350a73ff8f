import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";

/**
 * Listens on 127.0.0.1 inside the walls, hands every connection to the proxy's unix socket, and runs a program meanwhile:
 * npm and pip speak only to TCP proxies. Ends with the program's exit code.
 */
export function runBehindForwarder(socketPath: string, port: number, program: readonly string[]): void {
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
  server.listen(port, "127.0.0.1", () => {
    const child = spawn(program[0]!, program.slice(1), { stdio: "inherit" });
    child.once("error", () => process.exit(127));
    child.once("exit", (code, signal) => process.exit(code ?? 128 + (signal ? (signalNumbers[signal] ?? 1) : 1)));
  });
}

const signalNumbers: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
  SIGXFSZ: 25,
};
