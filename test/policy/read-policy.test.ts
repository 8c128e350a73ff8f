import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ConfigError } from "../../src/domain/errors.ts";
import { defaultPolicy } from "../../src/domain/policy.ts";
import { guessSetup } from "../../src/policy/guess-setup.ts";
import { lowerLimits } from "../../src/policy/lower-limits.ts";
import { renderPolicyFile } from "../../src/policy/policy-file.ts";
import { readFoundPolicy, readPolicy } from "../../src/policy/read-policy.ts";
import { policySchemaPath, renderPolicySchema } from "../../src/policy/schema.ts";
import { isEcosystem } from "../../src/sandbox/allow-list.ts";

const file = ".github/baton.yml";

test("a missing file means the defaults, and says so", () => {
  expect(readFoundPolicy(null, file)).toMatchObject({ source: "defaults", policy: defaultPolicy });
  expect(readPolicy("", file)).toEqual(defaultPolicy);
  expect(readPolicy("# only a comment\n", file)).toEqual(defaultPolicy);
});

test("what is written wins, what is not keeps its default", () => {
  const policy = readPolicy("limits:\n  run: { usd: 2 }\nsetup: [npm ci]\n", file);
  expect(policy.limits.run).toEqual({ turns: 200, usd: 2, minutes: 300 });
  expect(policy.setup).toEqual(["npm ci"]);
});

const mistakes: [string, string, string][] = [
  ["an unknown key", "label: x\nlimit: {}\n", `${file}:2: unknown key \`limit\`; Did you mean \`limits\`?`],
  [
    "an unknown key below",
    "limits:\n  run:\n    turn: 3\n",
    `${file}:3: unknown key \`limits.run.turn\`; Did you mean \`turns\`?`,
  ],
  ["a far-off key", "zebra: 1\n", `${file}:1: unknown key \`zebra\`; Allowed here: label, models`],
  [
    "a wrong type",
    "label: baton\nauto_continue: maybe\n",
    `${file}:2: \`auto_continue\` is \`"maybe"\`; allowed is \`true\` or \`false\``,
  ],
  [
    "a number as text",
    'limits:\n  run:\n    usd: "5"\n',
    `${file}:3: \`limits.run.usd\` is \`"5"\`; allowed is a number above 0 up to 100000`,
  ],
  [
    "an impossible value",
    "limits:\n  run: { minutes: 400 }\n",
    `${file}:2: \`limits.run.minutes\` is \`400\`; allowed is a number above 0 up to 330`,
  ],
  [
    "a fraction of a turn",
    "limits: { run: { turns: 1.5 } }\n",
    `${file}:1: \`limits.run.turns\` is \`1.5\`; allowed is a whole number`,
  ],
  ["a wrong entry of a list", "setup:\n  - npm ci\n  - 3\n", `${file}:3: \`setup.1\` is \`3\``],
  ["a list for a block", "limits: [1]\n", `${file}:1: \`limits\` is the list`],
  ["bad YAML", "label: baton\n  x: [\n", `${file}:1: Nested mappings`],
  ["a key twice", "label: a\nlabel: b\n", `${file}:2: Map keys must be unique`],
  ["an alias bomb", `a: &a [x]\n${Array.from({ length: 30 }, (_, n) => `b${n}: [*a, *a]`).join("\n")}\n`, `${file}:1`],
  ["a name among bots", "allowed_bots: [renovate]\n", `${file}:1: \`allowed_bots.0\``],
];
test.each(mistakes)("%s is named with its line, what was found and what is allowed", (_, text, message) => {
  expect(() => readPolicy(text, file)).toThrow(ConfigError);
  try {
    readPolicy(text, file);
  } catch (error) {
    expect((error as Error).message).toContain(message);
    expect((error as ConfigError).hint).not.toBe("");
  }
});

test("the schema for editors is fresh", () => {
  expect(readFileSync(policySchemaPath, "utf8")).toBe(renderPolicySchema());
});

test("the policy file that onboarding writes is a valid policy with the defaults", () => {
  const { setup, network, ...rest } = readPolicy(renderPolicyFile(guessSetup(["package-lock.json", "go.mod"])), file);
  const { setup: _setup, network: _network, ...defaults } = defaultPolicy;
  expect(rest).toEqual(defaults);
  expect(setup).toEqual(["npm ci", "go mod download", "go test -run '^$' ./... || true"]);
  expect(network).toEqual(["npm", "go"]);
});

test("what a guessed set-up needs from the network is always something that the proxy knows", () => {
  const files = [
    ...["package-lock.json", "uv.lock", "go.mod", "Cargo.lock", "Gemfile.lock", "composer.lock", "mix.lock"],
    ...["packages.lock.json", "pom.xml"],
  ];
  const { network, because } = guessSetup(files);
  expect(because).toEqual(files);
  expect(network.filter((name) => !isEcosystem(name))).toEqual([]);
});

test("set-up is guessed from the root's lockfiles, one tool per language", () => {
  expect(guessSetup(["package.json", "package-lock.json", "x/yarn.lock"]).commands).toEqual(["npm ci"]);
  expect(guessSetup(["pnpm-lock.yaml", "package-lock.json"]).because).toEqual(["pnpm-lock.yaml"]);
  expect(guessSetup(["uv.lock", "requirements.txt", "Cargo.lock"]).because).toEqual(["uv.lock", "Cargo.lock"]);
  expect(guessSetup(["yarn.lock", "a/package-lock.json"], "a").because).toEqual(["package-lock.json"]);
  expect(guessSetup(["README.md"])).toEqual({ commands: [], network: [], because: [] });
});

test("wishes only lower the policy's limits, and what is refused is said", () => {
  const asked = [
    { from: "max_turns", turns: 50 },
    { from: "/continue", turns: 500, usdMicro: 9_000_000, ms: 599_940_000 },
  ];
  expect(lowerLimits(defaultPolicy, asked)).toEqual({
    kind: "limits",
    limits: { turns: 50, usd_micro: 5_000_000, ms: 18_000_000 },
    notes: [
      "/continue asks for 500 turns; the policy allows 200.",
      "/continue asks for 9999 minutes; the policy allows 300.",
      "/continue asks for 9.00 USD of budget; the policy allows 5.00 USD.",
    ],
  });
  for (const wish of [0, -1, Number.NaN, 1.5, Number.POSITIVE_INFINITY]) {
    for (const name of ["turns", "usdMicro", "ms"])
      expect(lowerLimits(defaultPolicy, [{ from: "x", [name]: wish }])).toMatchObject({
        kind: "exhausted",
        reason: expect.stringContaining(`x asks for ${wish} `),
      });
  }
});

test("what is left of session and day caps the run; nothing left is said, not run", () => {
  expect(lowerLimits(defaultPolicy, [], { sessionUsdMicro: 1, dayUsdMicro: 2 })).toMatchObject({
    limits: { usd_micro: 1 },
  });
  expect(lowerLimits(defaultPolicy, [], { dayUsdMicro: 0 }).kind).toBe("exhausted");
  expect(lowerLimits(defaultPolicy, [], { sessionUsdMicro: 0 }).kind).toBe("exhausted");
  expect(lowerLimits(defaultPolicy, [], { sessionRuns: 0 }).kind).toBe("exhausted");
});
