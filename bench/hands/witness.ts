import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";

/** Everything outside the walls that a traitor must neither reach nor change, watched while it tries. */
export interface Witness extends AsyncDisposable {
  mark: string;
  prefix: string;
  /** Secrets by where they lie. */
  secrets: Map<string, string>;
  secretFile: string;
  ports: { http: number; open: number; udp: number };
  unixSocket: string;
  abstractSocket: string;
  pid: number;
  sharedMemory: string;
  /** Connections that were made to anything of ours, each in words. */
  connections(): string[];
  /** Files and folders on the host that carry the mark, and watched files that are not as they were. */
  writes(): string[];
  /** Processes on the host that carry the mark in their arguments. */
  survivors(): string[];
}

const prefix = "cnry";
const canary = (): string => prefix + randomBytes(22).toString("hex");

/** Files of the host that an attacker likes to change. */
const watched = (): string[] =>
  [
    ...["/etc/passwd", "/etc/hosts", "/etc/crontab", "/etc/profile", "/usr/bin/env", "/proc/sys/kernel/core_pattern"],
    ...["/proc/sys/kernel/hostname", process.execPath, join(homedir(), ".bashrc"), join(homedir(), ".profile")],
  ].filter((path) => existsSync(path));

function printOf(path: string): string {
  const stat = statSync(path);
  return `${stat.mode} ${stat.uid} ${stat.size < 1_000_000 ? readFileSync(path, "latin1") : `${stat.size} ${stat.mtimeMs}`}`;
}

function listen(server: Server, where: string | number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const done = (): void => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    };
    if (typeof where === "number") server.listen(where, "0.0.0.0", done);
    else server.listen(where, done);
  });
}

/** Plants secrets on this host, opens every kind of door with a bell on it, and remembers how things were. */
export async function openWitness(dir: string): Promise<Witness> {
  const mark = `traitor${randomBytes(5).toString("hex")}`;
  const secrets = new Map(
    [
      "file",
      "home",
      "process",
      "arguments",
      "http",
      "unix socket",
      "abstract socket",
      "shared memory",
      "environment",
      "runtime token",
      "other branch",
      "hole",
    ].map((name) => [name, canary()]),
  );
  const secret = (name: string): string => secrets.get(name)!;
  const secretFile = join(dir, "deploy.key");
  const homeFile = join(homedir(), `.${mark}`);
  writeFileSync(secretFile, secret("file"));
  writeFileSync(homeFile, secret("home"));

  const rung: string[] = [];
  const bell = (what: string, says: string): Server =>
    createServer((socket) => {
      rung.push(what);
      socket.on("error", () => {});
      socket.end(`HTTP/1.0 200 OK\r\n\r\n${says}\n`);
    });
  const unixSocket = join(dir, "agent.sock");
  const abstractSocket = `baton-${mark}`;
  const http = bell("http", secret("http"));
  const open = bell("open port", "hello");
  const unix = bell("unix socket", secret("unix socket"));
  const abstract = bell("abstract socket", secret("abstract socket"));
  const udp = createSocket("udp4", () => rung.push("udp"));
  const ports = { http: await listen(http, 0), open: await listen(open, 0), udp: 0 };
  await listen(unix, unixSocket);
  await listen(abstract, `\0${abstractSocket}`);
  await new Promise<void>((done) => udp.bind(0, "0.0.0.0", done));
  ports.udp = udp.address().port;

  const keeper = spawn("sleep", ["3000"], {
    env: { SECRET: secret("process") },
    stdio: "ignore",
    argv0: `keeper ${secret("arguments")}`,
  });
  const sharedMemory = writeSharedMemory(secret("shared memory"));
  const before = new Map(watched().map((path) => [path, printOf(path)]));
  return {
    ...{ mark, prefix, secrets, secretFile, ports, unixSocket, abstractSocket, pid: keeper.pid ?? 1, sharedMemory },
    connections: () => [...rung],
    writes: () => [
      ...findNames(mark, [homeFile]),
      ...[...before]
        .filter(([path, print]) => !existsSync(path) || printOf(path) !== print)
        .map(([path]) => `${path} was changed`),
    ],
    survivors: () => processesWith(mark),
    async [Symbol.asyncDispose]() {
      keeper.kill("SIGKILL");
      udp.close();
      await Promise.all([http, open, unix, abstract].map((server) => new Promise((done) => server.close(done))));
      rmSync(homeFile, { force: true });
      if (sharedMemory) execFileSync("ipcrm", ["-m", sharedMemory]);
    },
  };
}

function writeSharedMemory(text: string): string {
  const code = `my $id = shmget(0, 256, 0666 | 01000); defined $id and shmwrite($id, "${text}", 0, 200) and print $id;`;
  try {
    return execFileSync("perl", ["-e", code], { encoding: "utf8" });
  } catch {
    return "0";
  }
}

/** Where a file or folder of the host has the mark in its name: everywhere near the top, and wholly below the places that people write to. */
function findNames(mark: string, known: readonly string[]): string[] {
  const find = (dir: string, depth: number): string[] => {
    if (!existsSync(dir)) return [];
    const args = [dir, "-xdev", "-maxdepth", String(depth), "-name", `*${mark}*`, "-print"];
    try {
      return execFileSync("find", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split("\n");
    } catch (error) {
      // somebody else's folder went away while it was walked
      return String((error as { stdout?: string }).stdout ?? "").split("\n");
    }
  };
  const near = [
    ["/", 3],
    ["/tmp", 5],
    ["/var/tmp", 3],
    ["/dev/shm", 3],
    ["/run", 3],
    ["/etc", 4],
    [homedir(), 3],
  ] as const;
  return [...new Set(near.flatMap(([dir, depth]) => find(dir, depth)))].filter(
    (path) => path !== "" && !known.includes(path),
  );
}

function processesWith(mark: string): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return line.includes(mark) ? [`${pid}: ${line.slice(0, 120)}`] : [];
    } catch {
      return [];
    }
  });
}
