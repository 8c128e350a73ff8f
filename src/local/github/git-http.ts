import { spawn } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { type Actor, authenticate, canSee, hasRight } from "./auth.ts";
import type { FaultAction } from "./faults.ts";
import { gitEnvironment } from "./git.ts";
import { judgePush, type RefUpdate, type Refusal } from "./push-rules.ts";
import type { Repo } from "./records.ts";
import { refsChanged } from "./ref-events.ts";
import { HttpError } from "./router.ts";
import { findMovedRepo, findRepo } from "./store.ts";
import type { World } from "./world.ts";

// The hooks talk with the server over the two extra descriptors that http-backend and receive-pack hand down.
const PRE_RECEIVE = `#!/bin/sh
{ printf 'pre %s\\n' "$GIT_QUARANTINE_PATH"; cat; printf 'end\\n'; } >&3
while IFS= read -r line <&4; do
  case $line in
    ok) exit 0 ;;
    no) exit 1 ;;
    *) printf '%s\\n' "$line" >&2 ;;
  esac
done
exit 1
`;
const POST_RECEIVE = `#!/bin/sh
{ printf 'post\\n'; cat; printf 'end\\n'; } >&3
`;

/** Writes the two hooks that every repository shares. */
export async function installHooks(gitRoot: string): Promise<void> {
  const dir = hooksDir(gitRoot);
  await mkdir(dir, { recursive: true });
  for (const [name, script] of [
    ["pre-receive", PRE_RECEIVE],
    ["post-receive", POST_RECEIVE],
  ] as const) {
    await writeFile(join(dir, name), script);
    await chmod(join(dir, name), 0o755);
  }
}

function hooksDir(gitRoot: string): string {
  return join(gitRoot, ".hooks");
}

const GIT_PATH = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/** A request of git's smart HTTP protocol. */
export interface GitRequest {
  owner: string;
  name: string;
  /** What stands behind the repository: `info/refs`, `git-upload-pack` or `git-receive-pack`. */
  tail: string;
  service: "upload-pack" | "receive-pack";
  /** For faults and the log, e.g. `git/receive-pack`, `git/receive-pack-advertise`. */
  operation: string;
}

/** Recognises git's smart HTTP requests; null for everything else. */
export function readGitRequest(method: string, url: URL): GitRequest | null {
  const match = GIT_PATH.exec(url.pathname);
  if (!match) return null;
  const [, owner, name, tail] = match as unknown as [string, string, string, string];
  const asked = tail === "info/refs" ? url.searchParams.get("service") : tail;
  if (asked !== "git-upload-pack" && asked !== "git-receive-pack") return null;
  if ((tail === "info/refs") !== (method === "GET")) return null;
  const service = asked === "git-upload-pack" ? "upload-pack" : "receive-pack";
  return {
    owner,
    name,
    tail,
    service,
    operation: tail === "info/refs" ? `git/${service}-advertise` : `git/${service}`,
  };
}

/** Checks who may fetch or push; throws the plain-text refusals that git prints. */
export function admitGit(
  world: World,
  request: GitRequest,
  headers: IncomingMessage["headers"],
): { repo: Repo; actor: Actor } {
  const challenge = { headers: { "www-authenticate": 'Basic realm="GitHub"' } };
  let actor: Actor;
  try {
    actor = authenticate(world.store, headers);
  } catch (error) {
    if (error instanceof HttpError && error.status === 401) {
      throw new HttpError(401, "Invalid username or token.", challenge);
    }
    throw error;
  }
  const named = [world.store, request.owner, request.name] as const;
  const repo = findRepo(...named) ?? findMovedRepo(...named);
  if (!repo || !canSee(actor, repo)) {
    if (actor.kind === "anonymous") throw new HttpError(401, "Repository not found.", challenge);
    throw new HttpError(404, "Repository not found.");
  }
  if (request.service === "upload-pack") {
    if (!repo.private || hasRight(actor, repo, "contents:read")) return { repo, actor };
    throw new HttpError(403, "Write access to repository not granted.");
  }
  if (actor.kind === "anonymous") throw new HttpError(401, "No anonymous write access.", challenge);
  if (repo.archived) throw new HttpError(403, "This repository was archived so it is read-only.");
  if (!hasRight(actor, repo, "contents:write")) {
    const login = actor.kind === "app" ? actor.app.slug : actor.account.login;
    throw new HttpError(403, `Permission to ${request.owner}/${request.name}.git denied to ${login}.`);
  }
  return { repo, actor };
}

/** Serves an admitted request through git's own http-backend; `lose` is what happens to the answer after the effect. */
export async function serveGit(
  world: World,
  request: GitRequest,
  admitted: { repo: Repo; actor: Actor },
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  url: URL,
  lose: FaultAction | undefined,
): Promise<void> {
  const run = () => runBackend(world, request, admitted, incoming, url);
  const answer = request.operation === "git/receive-pack" ? await world.locked(admitted.repo, run) : await run();
  if (answer.applied.length > 0) await refsChanged(world, admitted.repo, admitted.actor, answer.applied);
  if (lose === "reset") outgoing.destroy();
  else if (typeof lose === "number") outgoing.writeHead(lose, { "content-type": "text/plain" }).end("fault\n");
  else if (lose !== "timeout") outgoing.writeHead(answer.status, answer.headers).end(answer.body);
}

interface BackendAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  applied: RefUpdate[];
}

async function runBackend(
  world: World,
  request: GitRequest,
  { repo, actor }: { repo: Repo; actor: Actor },
  incoming: IncomingMessage,
  url: URL,
): Promise<BackendAnswer> {
  const header = (name: string) => String(incoming.headers[name] ?? "");
  const env = gitEnvironment({
    GIT_PROJECT_ROOT: world.store.gitRoot,
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: `${repo.gitDir.slice(world.store.gitRoot.length)}/${request.tail}`,
    REMOTE_USER: actor.kind === "anonymous" || actor.kind === "app" ? "" : actor.account.login,
    REMOTE_ADDR: "127.0.0.1",
    REQUEST_METHOD: incoming.method ?? "GET",
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: header("content-type"),
    ...(header("content-length") ? { CONTENT_LENGTH: header("content-length") } : {}),
    ...(header("content-encoding") ? { HTTP_CONTENT_ENCODING: header("content-encoding") } : {}),
    ...(header("git-protocol") ? { GIT_PROTOCOL: header("git-protocol") } : {}),
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "core.hooksPath",
    GIT_CONFIG_VALUE_0: hooksDir(world.store.gitRoot),
  });
  const child = spawn("git", ["http-backend"], { env, cwd: "/", stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"] });
  const refusals: Refusal[] = [];
  const applied = talkWithHooks(child.stdio[3] as Readable, child.stdio[4] as Writable, async (quarantine, updates) => {
    const attempt = { repo, actor, updates, rules: world.pushRules, env: quarantineEnvironment(repo, quarantine) };
    refusals.push(...(await judgePush(attempt)));
    return refusals;
  });
  incoming.pipe(child.stdin!);
  child.stdin!.on("error", () => {});
  const [out] = await Promise.all([collect(child.stdout!), collect(child.stderr!), applied.done]);
  return { ...readCgi(out, refusals), applied: applied.updates };
}

function quarantineEnvironment(repo: Repo, quarantine: string): Record<string, string> {
  if (quarantine === "") return {};
  return { GIT_OBJECT_DIRECTORY: quarantine, GIT_ALTERNATE_OBJECT_DIRECTORIES: join(repo.gitDir, "objects") };
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Listens to the hooks: judges at `pre`, notes at `post` which refs really moved. */
function talkWithHooks(
  ask: Readable,
  answer: Writable,
  judge: (quarantine: string, updates: RefUpdate[]) => Promise<Refusal[]>,
): { updates: RefUpdate[]; done: Promise<void> } {
  const updates: RefUpdate[] = [];
  let buffered = "";
  let block: string[] = [];
  const settle = async (lines: string[]) => {
    const [first, ...rest] = lines;
    const named = rest.map(readUpdate);
    if (first === "post") {
      updates.push(...named);
      return;
    }
    const refusals = await judge(first!.slice("pre ".length), named).catch((error: unknown) => [
      { ref: "", reason: "pre-receive hook declined", lines: [`error: ${String(error)}`] },
    ]);
    const said = refusals.flatMap((refusal) => (refusal.lines.length > 0 ? refusal.lines : [refusal.reason]));
    answer.write(`${said.map((line) => (line === "" ? " " : line)).join("\n")}${said.length > 0 ? "\nno" : "ok"}\n`);
  };
  answer.on("error", () => {});
  const done = (async () => {
    for await (const chunk of ask) {
      buffered += String(chunk);
      for (let end = buffered.indexOf("\n"); end !== -1; end = buffered.indexOf("\n")) {
        const line = buffered.slice(0, end);
        buffered = buffered.slice(end + 1);
        if (line !== "end") block.push(line);
        else {
          const whole = block;
          block = [];
          await settle(whole);
        }
      }
    }
    answer.end();
  })();
  return { updates, done };
}

function readUpdate(line: string): RefUpdate {
  const [before, after, ref] = line.split(" ");
  return { before: before!, after: after!, ref: ref! };
}

function readCgi(
  out: Buffer,
  refusals: readonly Refusal[],
): { status: number; headers: Record<string, string>; body: Buffer } {
  const end = out.indexOf("\r\n\r\n");
  const headers: Record<string, string> = {};
  let status = 200;
  for (const line of out.subarray(0, Math.max(0, end)).toString("utf8").split("\r\n")) {
    const [name, value] = [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()];
    if (name === "status") status = Number.parseInt(value, 10);
    else if (name !== "") headers[name] = value;
  }
  if (end === -1) return { status: 500, headers: {}, body: Buffer.from("git http-backend gave no answer\n") };
  const body = out.subarray(end + 4);
  return { status, headers, body: refusals.length > 0 ? nameRefusals(body, refusals) : body };
}

// GitHub puts its reason into the report of each ref where plain git says "pre-receive hook declined".
function nameRefusals(body: Buffer, refusals: readonly Refusal[]): Buffer {
  const rest: Buffer[] = [];
  const report: Buffer[] = [];
  for (const packet of readPackets(body)) {
    if (packet[0] === 1) report.push(packet.subarray(1));
    else rest.push(writePacket(packet));
  }
  if (report.length === 0) return body;
  const lines = readPackets(Buffer.concat(report)).map((packet) => {
    const match = /^ng (\S+) pre-receive hook declined\n?$/.exec(packet.toString("utf8"));
    const refusal = match && refusals.find((one) => one.ref === match[1]);
    return writePacket(refusal ? Buffer.from(`ng ${refusal.ref} ${refusal.reason}\n`) : packet);
  });
  const inner = Buffer.concat([...lines, Buffer.from("0000")]);
  return Buffer.concat([...rest, writePacket(Buffer.concat([Buffer.from([1]), inner])), Buffer.from("0000")]);
}

function readPackets(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = Number.parseInt(bytes.subarray(at, at + 4).toString("latin1"), 16);
    if (length >= 4) packets.push(bytes.subarray(at + 4, at + length));
    at += Math.max(4, length);
  }
  return packets;
}

function writePacket(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from((payload.length + 4).toString(16).padStart(4, "0")), payload]);
}
