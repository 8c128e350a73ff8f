import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { ConfigError, describeError } from "../domain/errors.ts";

/** As much of Redis as replicas need to know of each other's pauses. */
export interface Redis extends AsyncDisposable {
  /** Sends one command; throws on an error, a lost connection, or no answer in a second. */
  call(...words: string[]): Promise<string | null>;
}

const answerWithinMs = 1_000;

interface Waiting {
  resolve(reply: string | null): void;
  reject(error: Error): void;
}

/** Connects to `redis://` or `rediss://` and proves that it answers. Throws ConfigError with what is wrong; the password is never shown. */
export async function openRedis(address: string): Promise<Redis> {
  const url = readAddress(address);
  const redis = createRedis(url);
  try {
    await redis.call("PING");
  } catch (cause) {
    await redis[Symbol.asyncDispose]();
    throw new ConfigError(`Redis at ${url.host} does not answer: ${describeError(cause)}`, {
      hint: "Mend REDIS_URL, or leave it out: one copy of the App needs no Redis.",
      cause,
    });
  }
  return redis;
}

function readAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url && /^rediss?:$/.test(url.protocol) && url.hostname !== "" && /^\/?\d*$/.test(url.pathname)) return url;
  throw new ConfigError("REDIS_URL is no address of a Redis server.", {
    hint: "It looks like redis://:PASSWORD@HOST:6379/0, or rediss:// for TLS.",
  });
}

function createRedis(url: URL): Redis {
  let link: { socket: Socket; waiting: Waiting[] } | null = null;

  function open(): NonNullable<typeof link> {
    const port = Number(url.port || 6379);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const socket =
      url.protocol === "rediss:"
        ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }) })
        : connect({ host, port });
    const opened = { socket, waiting: [] as Waiting[] };
    const end = (error: Error) => {
      if (link === opened) link = null;
      socket.destroy();
      for (const { reject } of opened.waiting.splice(0)) reject(error);
    };
    let text = "";
    // Byte by byte in latin1: keys and values are ASCII, and lengths count bytes.
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      text += chunk;
      for (let reply = readReply(text); reply; reply = readReply(text)) {
        text = text.slice(reply.length);
        const waiting = opened.waiting.shift();
        if (reply.error === undefined) waiting?.resolve(reply.value);
        else waiting?.reject(new Error(reply.error));
      }
    });
    socket.on("error", end);
    socket.on("close", () => end(new Error("the connection was closed")));
    socket.unref();
    link = opened;
    const { username, password } = url;
    if (password !== "")
      greet("AUTH", ...(username === "" ? [] : [decodeURIComponent(username)]), decodeURIComponent(password));
    if (url.pathname.length > 1) greet("SELECT", url.pathname.slice(1));
    return opened;

    function greet(...words: string[]): void {
      opened.waiting.push({ resolve: () => {}, reject: end });
      socket.write(renderCommand(words));
    }
  }

  return {
    call: (...words) =>
      new Promise((resolve, reject) => {
        const { socket, waiting } = link ?? open();
        const timer = setTimeout(() => socket.destroy(new Error("no answer within a second")), answerWithinMs);
        const settle =
          <T>(with_: (value: T) => void) =>
          (value: T) => {
            clearTimeout(timer);
            with_(value);
          };
        waiting.push({ resolve: settle(resolve), reject: settle(reject) });
        socket.write(renderCommand(words));
      }),
    [Symbol.asyncDispose]: async () => void link?.socket.destroy(),
  };
}

/** A command as RESP, the protocol of Redis: an array of strings with their lengths. */
function renderCommand(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

/** The first whole reply in what has come, with its length; null when it is not whole yet. */
function readReply(text: string): { length: number; value: string | null; error?: string } | null {
  const end = text.indexOf("\r\n");
  if (end < 0) return null;
  const line = text.slice(1, end);
  const length = end + 2;
  if (text[0] === "-") return { length, value: null, error: line };
  if (text[0] !== "$") return { length, value: line };
  const size = Number(line);
  if (size < 0) return { length, value: null };
  if (text.length < length + size + 2) return null;
  return { length: length + size + 2, value: text.slice(length, length + size) };
}
