import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Decision } from "../domain/decision.ts";
import { ConfigError } from "../domain/errors.ts";
import type { PermissionOutcome } from "../domain/permission.ts";
import { defaultPolicy, type Policy } from "../domain/policy.ts";
import { renderVisibleText } from "../github/visible-text.ts";
import { readPolicy } from "../policy/read-policy.ts";
import { decideTrigger, type TriggerWorld } from "../triggers/decide-trigger.ts";
import { readDelivery } from "../triggers/read-delivery.ts";
import type { Reading } from "../triggers/reading.ts";
import { sessionOfBranch, sessionOfTrigger } from "../triggers/session-of-trigger.ts";
import { type CliCommand, type CommandInput, choiceOption, textOption } from "./command.ts";
import { plainText } from "./plain-text.ts";

const help = `baton simulate: what Baton would decide about a stored webhook payload, and why.

Usage: baton simulate EVENT PAYLOAD.json [options]

The payload goes through the very code of App and Action; nothing is asked of GitHub and nothing is done. What GitHub would
answer (rights, counts, edits) is assumed, and each assumption is printed. Stored payloads: App settings, Advanced, Recent
Deliveries; or the file at $GITHUB_EVENT_PATH of a job. \`-\` reads standard input.

  --policy FILE         a policy to decide by; default: the defaults
  --permission RIGHT    right of the person: admin, write (default), read or none
  --alive               a run of the session is under way
  --output FORMAT       text (default) or json

Examples:
  baton simulate issues labeled.json
  baton simulate issue_comment comment.json --permission read
  baton simulate issue_comment comment.json --policy .github/baton.yml --alive

Exit code: 0 for every decision; 2 when payload or policy cannot be read.`;

/** `baton simulate`: one payload through reading and decision. */
export const simulateCommand: CliCommand = {
  name: "simulate",
  help,
  options: {
    policy: { type: "string" },
    permission: { type: "string" },
    alive: { type: "boolean" },
    output: { type: "string" },
  },
  positionals: { min: 2, max: 2 },
  async run(input) {
    const { terminal } = input;
    const payload = await readPayload(input, input.positionals[1]!);
    const event = input.positionals[0]!.split(".")[0]!;
    const reading = readDelivery(event, payload, { renderVisible: (markdown) => renderVisibleText(markdown).text });
    const policy = await loadPolicy(input);
    const asJson = choiceOption(input, "output", ["text", "json"], "text") === "json";
    if (reading.kind !== "trigger") {
      terminal.out(asJson ? `${JSON.stringify({ reading })}\n` : `${plainText(describeReading(reading))}\n`);
      return 0;
    }
    const { world, assumed } = assumeWorld(input, reading, policy);
    const decision = decideTrigger(world);
    terminal.out(
      asJson
        ? `${JSON.stringify({ reading, decision, assumed })}\n`
        : `${plainText([describeReading(reading), ...describeDecision(decision), "Assumed:", ...assumed.map((text) => `  ${text}`)].join("\n"))}\n`,
    );
    return 0;
  },
};

type TriggerReading = Extract<Reading, { kind: "trigger" }>;

/** The world as GitHub would tell it if nothing stood in the way, besides what the options say. */
function assumeWorld(
  input: CommandInput,
  { trigger, subject }: TriggerReading,
  policy: Policy,
): { world: TriggerWorld; assumed: string[] } {
  const right = choiceOption(input, "permission", ["admin", "write", "read", "none"], "write");
  const permission: PermissionOutcome = { kind: "known", permission: right, role: right };
  const alive = input.values.alive === true;
  const ours = sessionOfBranch(subject?.headRef ?? "") !== null;
  const fork = subject?.fork ?? null;
  const key = sessionOfTrigger(trigger, { headRef: subject?.headRef ?? null, fork: fork ?? false, ours });
  const actor = "actor" in trigger ? trigger.actor : null;
  const assumed = [
    `${actor?.login ?? "the person"} has ${right} permission (--permission)`,
    `the account is a ${actor?.type ?? "User"}, as the payload says; really, GitHub is asked`,
    alive ? "a run of the session is under way (--alive)" : "no run of the session is under way (--alive)",
    "the session is new, no run was started today, and the text was not written through the App",
    ...(fork === null ? ["the head is in the same repository; this payload does not say"] : []),
    policy === defaultPolicy ? "the policy is the default one (--policy)" : "the policy is the given file",
  ];
  const at = "at" in trigger ? trigger.at : new Date().toISOString();
  const world: TriggerWorld = {
    trigger,
    actorType: actor?.type ?? null,
    permission,
    ownAccountIds: [],
    viaOwnApp: false,
    policy,
    subject: { open: subject?.open ?? true, fork: fork ?? false, edited: subject?.edited ? ["comment"] : [] },
    session: key ? { key, exists: alive, runAlive: alive } : null,
    counts: { person: 0, session: 0 },
    sessionRuns: 0,
    envelope: { labelEventId: null, at, subjectSha256: "", statusCommentId: null, requesterId: null, hop: 0 },
  };
  return { world, assumed };
}

function describeReading(reading: Reading): string {
  switch (reading.kind) {
    case "trigger": {
      const { trigger, repository } = reading;
      const about = "number" in trigger ? ` on #${trigger.number}` : "";
      const what =
        trigger.kind === "command" ? `/${trigger.command.name}` : trigger.kind === "label" ? trigger.label : "";
      const who = "actor" in trigger ? ` by ${trigger.actor.login}` : "";
      return `Read:      ${trigger.kind}${what ? ` ${what}` : ""}${about} of ${repository.owner}/${repository.repo}${who}`;
    }
    case "malformed":
      return `Read:      a command on #${reading.number} by ${reading.actor.login} that cannot be read\nDecision:  answer\nWhy:       ${reading.reason}`;
    case "signal":
      return `Read:      ${reading.signal.name}${reading.signal.number === null ? "" : ` of #${reading.signal.number}`}\nDecision:  nothing is started; a session that it concerns is looked at again\nWhy:       a signal is no request`;
    case "installed":
      return `Read:      an installation on ${reading.repositories.length} repositories\nDecision:  the App offers its onboarding pull request\nWhy:       nothing is started before somebody asks`;
    case "ignored":
      return `Read:      nothing for Baton\nDecision:  ignore\nWhy:       ${reading.reason}`;
  }
}

function describeDecision(decision: Decision): string[] {
  const about = {
    dispatch: () => `start a run of ${(decision as Extract<Decision, { kind: "dispatch" }>).envelope.session}`,
    accept: () => "acknowledge; the run that is under way reads it",
    status: () => "answer with where the session stands",
    stop: () => "end the run between two turns",
    answer: () => `answer: ${(decision as Extract<Decision, { kind: "answer" }>).text}`,
    ignore: () => "ignore",
  }[decision.kind]();
  const lines = [`Decision:  ${about}`, `Why:       ${decision.reason}`];
  if (decision.kind === "dispatch") lines.push(`Envelope:  ${JSON.stringify(decision.envelope)}`);
  return lines;
}

async function readPayload(input: CommandInput, file: string): Promise<unknown> {
  const { terminal } = input;
  try {
    return JSON.parse(file === "-" ? await terminal.stdin() : await readFile(resolve(terminal.cwd, file), "utf8"));
  } catch (cause) {
    throw new ConfigError(`The payload ${file} is not a JSON file that can be read.`, {
      hint: "Give the body of a webhook delivery, as GitHub sent it.",
      cause,
    });
  }
}

async function loadPolicy(input: CommandInput): Promise<Policy> {
  const file = textOption(input, "policy");
  if (file === undefined) return defaultPolicy;
  const text = await readFile(resolve(input.terminal.cwd, file), "utf8").catch((cause: unknown) => {
    throw new ConfigError(`The policy ${file} cannot be read.`, {
      hint: "Give --policy the path of a policy file.",
      cause,
    });
  });
  return readPolicy(text, file);
}
