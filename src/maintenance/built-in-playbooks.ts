const dependencyUpdates = `---
name: dependency-updates
description: Patch and minor updates of dependencies, known vulnerabilities first.
schedule: weekly:monday
limits: { turns: 120, usd: 4, minutes: 120 }
paths: ["**/package.json", "**/package-lock.json", "**/npm-shrinkwrap.json", "**/yarn.lock", "**/pnpm-lock.yaml"]
prepare:
  - npm outdated --json > "$HOME/outdated.json" || true
  - npm audit --json > "$HOME/audit.json" || true
  - mkdir -p "$HOME/updated" && cp package*.json "$HOME/updated/" && cd "$HOME/updated" && npm update --save --ignore-scripts --no-audit --no-fund
labels: [dependencies]
---
Bring this repository's dependencies up to date, within the same major version.

The set-up has already written \`~/outdated.json\` and \`~/audit.json\`, and has made the update with the registry in \`~/updated\`: manifest, lockfile and node_modules. During the work there is no network, so take what you need from there.
Known vulnerabilities come first, then the rest. Keep the lockfile: it changes only together with the manifest, for the packages that are updated.
A package whose update breaks a test goes back to the version it had, and the report says which and why. Never change a test to make an update pass.
If nothing is outdated within its major version, the base already satisfies this request: say so.

Done means: every update that remains is patch or minor; the manifest and the lockfile agree; the repository's own tests pass as before; the report lists each package with old and new version, the advisories that are now closed, and what its changelog says where the package carries one.
A criterion's command must run the tests against the updated packages: \`rm -rf node_modules && cp -a ~/updated/node_modules . && npm test\`.
`;

const flakyTests = `---
name: flaky-tests
description: Finds tests that fail now and then, and mends one of them with proof.
schedule: weekly:wednesday
limits: { turns: 150, usd: 5, minutes: 180 }
labels: [tests]
---
Find tests of this repository that pass and fail on the same code, and mend the worst one.

Run the whole suite at least ten times, in different orders where the runner can, and count for each test how often it failed. If none failed, the base already satisfies this request: say how often the suite ran.
Take the test that failed most. Isolate it: find the smallest set of tests with which it still fails, and the cause (time, order, shared state, randomness, a real race in the code).
Mend the cause. Do not skip, delete, retry or loosen the test, and do not add waiting.

Done means: the cause is explained in the report with the failing run quoted; the test passes at least twenty times in a row in the conditions in which it failed before; the rest of the suite passes as before.
`;

const readmeExamples = `---
name: readme-examples
description: Every example of the README runs and does what it says.
schedule: monthly:1
limits: { turns: 100, usd: 3, minutes: 90 }
paths: ["**/*.md", "examples/**", "test/**", "tests/**"]
labels: [documentation]
---
Run every code example and every command of the README, in the order in which a newcomer would, on a fresh checkout.

An example that fails, prints something else than it says, or names something that no longer exists is wrong: correct the README, not the code. If the code is what is wrong, leave both and report it as a finding.
Leave alone what needs network, credentials or another system, and list it. If every example runs, the base already satisfies this request: say which ran.

Done means: each example that was corrected runs with exit code 0 and prints what the README says; nothing but documentation, examples and their tests was changed.
`;

/** The playbooks that Baton brings along, by name; the policy switches them on. The texts are playbook files like any other. */
export const builtInPlaybooks: ReadonlyMap<string, string> = new Map([
  ["dependency-updates", dependencyUpdates],
  ["flaky-tests", flakyTests],
  ["readme-examples", readmeExamples],
]);
