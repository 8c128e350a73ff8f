import type { Event, Record } from "../domain/event.ts";
import type { Run } from "./open-run.ts";
import type { SetUp } from "./workshop.ts";

/** Journals a set-up: the one on the base, or one more for changed manifests. */
export async function recordSetUp(record: Record, setUp: SetUp & { because?: string }): Promise<void> {
  const { ok, guessed, commands, blockedHosts, because = "" } = setUp;
  await record("setup_ran", { ok, guessed, commands, blocked_hosts: blockedHosts, because });
}

/** Journals what model and oracles asked of the network and did not get, each attempt once. */
export async function recordRefusedHosts(run: Run): Promise<void> {
  const known = new Set(listBlockedHosts(run.session.events()));
  const hosts = run.workshop.refusedHosts().filter((host) => !known.has(host));
  if (hosts.length > 0) await run.record("network_refused", { hosts: hosts.slice(0, 50) });
}

/** Everything that was asked of the network and denied, in set-up and work. */
export function listBlockedHosts(events: readonly Event[]): string[] {
  const found = events.flatMap((event) => {
    if (event.type === "setup_ran") return event.data.blocked_hosts;
    return event.type === "network_refused" ? event.data.hosts : [];
  });
  return [...new Set(found)];
}

/** One line for the report per set-up that changed manifests made necessary. */
export function listRenewals(events: readonly Event[]): string[] {
  return events.flatMap((event) => {
    if (event.type !== "setup_ran" || event.data.because === "") return [];
    const { ok, commands, because } = event.data;
    const ran = commands.map(({ command, exit }) => `${command} → ${exit ?? "killed"}`).join(", then ");
    const how = ok ? "packages fetched with scripts off, then built without network" : "it failed";
    return [`set up once more, since ${because}: ${how} (${ran})`];
  });
}
