import type { Envelope } from "../domain/envelope.ts";
import { sha256 } from "../domain/hash.ts";
import { SessionKey } from "../domain/session-key.ts";
import { noIntentLog } from "../github/ensure-once.ts";
import { renderVisibleText } from "../github/visible-text.ts";
import { carryOut } from "../intake/carry-out.ts";
import { answerWriter, decidePersonTrigger } from "../intake/decide.ts";
import type { IntakeHands } from "../intake/intake-hands.ts";
import { reconcileSignal } from "../intake/reconcile.ts";
import { makeEnvelope } from "../triggers/make-envelope.ts";
import { readActionsEvent } from "../triggers/read-actions-event.ts";
import type { Reading } from "../triggers/reading.ts";
import type { Door } from "./door.ts";
import type { Identity } from "./identity.ts";

/** What the gate tells the next jobs. */
export type GateOutcome = { go: true; envelope: Envelope; reason: string } | { go: false; reason: string };

/** Reads the event and decides, with the code of the App, whether there is a run to start; answers people where that is the answer. */
export async function runGate(door: Door, identity: Identity, say: (line: string) => void): Promise<GateOutcome> {
  const { inputs, event } = door;
  const reading = readActionsEvent(
    { ...event, task: inputs.task },
    { renderVisible: (markdown) => renderVisibleText(markdown).text },
  );
  if (inputs.dry_run && (reading.kind === "signal" || reading.kind === "malformed"))
    return { go: false, reason: `${describeReading(reading)}; a dry run answers nobody` };
  switch (reading.kind) {
    case "envelope":
      return {
        go: true,
        envelope: reading.envelope,
        reason: "a dispatch; the run checks the person and the text itself",
      };
    case "ignored":
      return { go: false, reason: reading.reason };
    case "installed":
      return { go: false, reason: "installations are the App's business" };
    case "signal":
      await reconcileSignal(createGateHands(identity, say), { ...reading, installationId: 0 });
      return { go: false, reason: `${reading.signal.name}: nothing to start` };
    case "malformed":
      await answerWriter(
        { hands: createGateHands(identity, say), github: identity.github, repository: reading.repository },
        reading,
        `malformed-${reading.commentId}`,
        `Baton cannot read this command: ${reading.reason}.`,
      );
      return { go: false, reason: reading.reason };
    case "trigger":
      return await decide(door, identity, reading, say);
  }
}

function describeReading(reading: Extract<Reading, { kind: "signal" | "malformed" }>): string {
  return reading.kind === "signal" ? reading.signal.name : reading.reason;
}

type TriggerReading = Extract<Reading, { kind: "trigger" }>;

async function decide(
  door: Door,
  identity: Identity,
  reading: TriggerReading,
  say: (line: string) => void,
): Promise<GateOutcome> {
  const { trigger } = reading;
  if (trigger.kind === "dispatch") return dispatchByHand(door, trigger.actor.id);
  if (trigger.kind === "schedule" || trigger.kind === "continuation")
    return { go: false, reason: "the night is decided by its own workflow" };
  const decided = await decidePersonTrigger({
    hands: createGateHands(identity, say),
    github: identity.github,
    repository: reading.repository,
    trigger,
    viaAppId: reading.viaAppId,
    policyFile: door.inputs.config_file,
    label: door.inputs.label_trigger,
  });
  if (decided.kind === "nothing") return { go: false, reason: decided.reason };
  const { decision, errand } = decided;
  if (decision.kind === "dispatch") return { go: true, envelope: decision.envelope, reason: decision.reason };
  if (door.inputs.dry_run) return { go: false, reason: `${decision.reason} (a dry run answers nobody)` };
  await carryOut(decision, errand);
  return { go: false, reason: decision.reason };
}

/** A run started by hand in the Actions tab: an issue's number, or words of its own. */
function dispatchByHand(door: Door, actorId: number): GateOutcome {
  const { inputs } = door;
  const prompt = inputs.prompt ?? inputs.prompt_file;
  if (inputs.issue_number === null && !prompt) return { go: false, reason: "neither an issue nor a prompt was given" };
  const session = SessionKey.parse(
    inputs.issue_number === null ? `task-${sha256(`${prompt}`).slice(0, 8)}` : `issue-${inputs.issue_number}`,
  );
  const envelope = makeEnvelope(
    { kind: "dispatch", actor: { id: actorId, login: door.actor.login, type: "User" }, task: null },
    {
      session,
      labelEventId: null,
      at: new Date().toISOString(),
      subjectSha256: "",
      statusCommentId: null,
      requesterId: null,
      hop: 0,
    },
  );
  return { go: true, envelope, reason: "started by hand" };
}

/** The App's hands for a job that lives a minute: one identity, no installations, nothing later. */
export function createGateHands(identity: Identity, say: (line: string) => void): IntakeHands {
  return {
    identity: async () => ({ appId: identity.appId, slug: "", logins: identity.logins, ids: identity.ids }),
    app: identity.github,
    installation: () => identity.github,
    installationOf: async () => 0,
    exclusive: async (_key, work) => await work(),
    intents: () => noIntentLog,
    now: Date.now,
    later: () => {},
    log: (_fields, text) => say(text),
  };
}
