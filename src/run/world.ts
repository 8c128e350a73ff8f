import type { z } from "zod";
import type { Envelope } from "../domain/envelope.ts";
import type { Event } from "../domain/event.ts";
import type { RunLimits } from "../domain/limits.ts";
import type { Policy } from "../domain/policy.ts";
import type { State } from "../domain/state.ts";
import type { Model } from "../loop/model.ts";
import type { Registries } from "../sandbox/allow-list.ts";
import type { Forge } from "./forge.ts";

/** Everything a run needs from outside, read once at the door and given as one value. */
export interface RunWorld {
  envelope: Envelope;
  /** The platform's id and attempt of this run. */
  run: { id: string; attempt: number };
  policy: Policy;
  /** Where the policy came from, in words for the report. */
  policySource: string;
  /** Caps of this run after inputs and flags lowered the policy's. */
  limits: RunLimits;
  branchPrefix: string;
  /** Folder of the repository in which commands start, as `normaliseFolder` gives it; empty or absent is the root. */
  workingDirectory?: string;
  models: { initializer: string; worker: string; evaluator: string };
  remote: { url: string; token?: () => Promise<string> };
  forge: Forge;
  model: Model;
  /** Fresh folder that belongs to this run alone. */
  dir: string;
  allowDegradedWalls: boolean;
  redact: (text: string) => string;
  now: () => Date;
  /** Package registries that this host's clients are configured to use; never their credentials. */
  registries: Registries;
  /** Folders of the host that nothing inside may see, also where a tool on the PATH lies in one: the runner's own. */
  mask?: readonly string[];
  /** The host's environment: proxies and certificates for git, PATH and certificates for what runs inside the walls. */
  hostEnv: Readonly<globalThis.Record<string, string | undefined>>;
  /** Aborts on SIGINT and SIGTERM. */
  signal: AbortSignal;
  /** Stops before the first outward write: set-up, contract and plan are shown, nothing is pushed. */
  dryRun: boolean;
  /** Called after each event is stored, with the state after it; for the log and the terminal. */
  onEvent: (event: Event, state: State) => void;
  batonVersion: string;
  /** What people should know of how this job is set up, as markdown for the report. */
  notes?: readonly string[];
  /** What a structured result must look like, where one was asked for. */
  resultSchema?: z.ZodType;
  /** What a playbook adds; absent for work that a person asked for. */
  chore?: Chore | null;
}

/** The terms of a maintenance run beyond its request. */
export interface Chore {
  /** Commands that belong to the set-up, with package registries as their only network. */
  prepare: readonly string[];
  /** Commands run on the base; when one exits 0 there is nothing to do. */
  skipIf: readonly string[];
  /** Globs of what may change; empty means everything that the policy allows. */
  paths: readonly string[];
}
