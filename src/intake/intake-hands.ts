import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "../github/client.ts";
import type { IntentLog } from "../github/ensure-once.ts";

/** Who the App is on this GitHub. */
export interface BatonIdentity {
  appId: number;
  slug: string;
  /** Logins whose comments are Baton's own, and their account ids. */
  logins: string[];
  ids: number[];
}

/** One line per thing decided or done; the App's only log. */
export type Log = (fields: { [name: string]: unknown }, text: string) => void;

/** Everything outward that the App's stories use: no module reads the environment or a clock by itself. */
export interface IntakeHands {
  identity(): Promise<BatonIdentity>;
  /** Speaks as the App: installations, deliveries. */
  app: GitHub;
  /** Speaks as one installation. */
  installation(installationId: number): GitHub;
  /** Installation that GitHub itself names for the repository; null when the App is not installed there. */
  installationOf(repository: RepositoryName): Promise<number | null>;
  /** Runs work on one subject after whatever else this process does on it. */
  exclusive<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Remembers the writes of this process on one subject. */
  intents(scope: string): IntentLog;
  now(): number;
  /** Runs `work` once after `ms`; lost on a crash, which the sweep makes up for. */
  later(ms: number, work: () => Promise<void>): void;
  log: Log;
}
