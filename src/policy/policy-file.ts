import { stringify } from "yaml";
import { defaultPolicy } from "../domain/policy.ts";
import type { GuessedSetup } from "./guess-setup.ts";

/** A policy file with every default written out and explained; what was guessed is said. `readPolicy` takes it. */
export function renderPolicyFile(guess: GuessedSetup): string {
  const { limits, models } = defaultPolicy;
  const setup =
    guess.commands.length > 0
      ? `setup: ${flow(guess.commands)}   # guessed from ${guess.because.join(", ")}`
      : "# setup: [npm ci]";
  return `# What Baton may do here. Read from the default branch only; every key is optional and shown with its default.
# Inputs and commands can only lower these limits.
label: ${defaultPolicy.label}   # this label on an issue starts a session
models:
${block(models)}
limits:
  run: ${flow(limits.run)}
  session: ${flow(limits.session)}
  day: ${flow(limits.day)}
# Commands that prepare the base, with network and without secrets.
${setup}
# Commands that decide every contract besides its own criteria, e.g. [npm test].
oracles: []
# Hosts or ecosystems reachable during set-up, and while the model works.
network: ${flow(guess.network.length > 0 ? guess.network : defaultPolicy.network)}
work_network: []
# Paths that the work may not change, besides the built-in list; and exceptions to it.
protect: []
unprotect: []
# Account ids of bots that may trigger runs.
allowed_bots: []
# Whether a run that ended at a cap starts the next one itself.
auto_continue: ${defaultPolicy.auto_continue}
ready_when_verified: ${defaultPolicy.ready_when_verified}
keep_state_file: ${defaultPolicy.keep_state_file}
# Days that session refs are kept after merge or close.
retain_days: ${defaultPolicy.retain_days}
maintenance: ${flow(defaultPolicy.maintenance)}
`;
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
}

function block(value: unknown): string {
  return stringify(value)
    .trim()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
