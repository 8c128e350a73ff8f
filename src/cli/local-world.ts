import type { Envelope } from "../domain/envelope.ts";
import type { RunLimits } from "../domain/limits.ts";
import type { Policy } from "../domain/policy.ts";
import type { SessionKey } from "../domain/session-key.ts";
import type { Model } from "../loop/model.ts";
import type { InboxItem, SessionRequest } from "../run/forge.ts";
import { createLocalForge } from "../run/local-forge.ts";
import { readRegistries } from "../run/registries.ts";
import { version } from "../run/version.ts";
import type { RunWorld } from "../run/world.ts";
import { createRedactor } from "../session/redact.ts";

/** What differs between local runs: a new task, a continuation, a replay. */
export interface LocalWorldParts
  extends Pick<RunWorld, "allowDegradedWalls" | "dir" | "dryRun" | "onEvent" | "resultSchema" | "signal"> {
  /** Folder of the repository that branch and session are pushed to. */
  root: string;
  session: SessionKey;
  started: Date;
  policy: Policy;
  policySource: string;
  limits: RunLimits;
  models: RunWorld["models"];
  /** Null when only a session that exists can go on. */
  request: SessionRequest | null;
  inbox: InboxItem[];
  /** Folder that receives report and status. */
  outDir: string;
  model: Model;
  /** Values that must not reach journal, report or model. */
  secrets: string[];
  env: Readonly<Record<string, string | undefined>>;
  say: (line: string) => void;
}

/** The world of a run on a local repository: the same run as on GitHub, with a folder in place of its pages. */
export async function makeLocalWorld(parts: LocalWorldParts): Promise<RunWorld> {
  const now = (): Date => new Date();
  const { policy, policySource, limits, models, model, dir, allowDegradedWalls, signal, dryRun, onEvent } = parts;
  const { outDir, request, inbox, say, resultSchema } = parts;
  return {
    envelope: envelopeOf(parts.session, parts.started),
    run: { id: `${process.pid}-${parts.started.getTime()}`, attempt: 1 },
    ...{ policy, policySource, limits, models, model, dir, allowDegradedWalls, signal, dryRun, onEvent, now },
    resultSchema,
    branchPrefix: "baton/",
    remote: { url: parts.root },
    forge: createLocalForge({ outDir, request, inbox, now, say }),
    redact: createRedactor(parts.secrets),
    registries: await readRegistries(parts.env),
    hostEnv: parts.env,
    batonVersion: version,
  };
}

function envelopeOf(session: SessionKey, at: Date): Envelope {
  return {
    v: 1,
    session,
    trigger: {
      kind: "dispatch",
      event_id: `local-${at.getTime()}`,
      comment_id: null,
      actor_id: null,
      at: at.toISOString(),
    },
    subject: { number: null, sha256: "" },
    status_comment_id: null,
    hop: 0,
  };
}
