/** A fresh runner that opens a session: `node open-once.ts REMOTE DIR KEY` prints milliseconds, events and resident MB. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../../src/git/store.ts";
import { openSession } from "../../src/session/session.ts";

const [url = "", dir = "", key = ""] = process.argv.slice(2);
const started = performance.now();
const store = await openStore({ dir: join(dir, "store.git"), remote: { url } });
const { session } = await openSession({
  ...{ store, key, dir: join(dir, "session"), redact: (text: string) => text, now: () => 0 },
});
const ms = performance.now() - started;
const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1_024;
console.log(JSON.stringify({ ms, events: session.events().length, residentMb: resident }));
await session.close();
store.close();
