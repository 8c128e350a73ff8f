import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ActionInputs, secretInputs } from "../src/action/inputs.ts";
import { subscriptions } from "../src/app/subscriptions.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => {
  if (!existsSync(join(root, path))) throw new Error(`${path} is not there yet: write it, this test holds it`);
  return readFileSync(join(root, path), "utf8");
};

const Action = z.strictObject({
  name: z.string(),
  description: z.string().max(125, "the marketplace cuts descriptions after 125 characters"),
  author: z.string(),
  branding: z.strictObject({ icon: z.string(), color: z.string() }),
  inputs: z.record(
    z.string(),
    z.strictObject({
      description: z.string().min(20),
      default: z.string().optional(),
      required: z.boolean().optional(),
    }),
  ),
  outputs: z.record(z.string(), z.strictObject({ description: z.string().min(20) })),
  runs: z.strictObject({ using: z.literal("node24"), main: z.literal("dist/action.mjs") }),
});

describe("action.yml", () => {
  const action = Action.parse(parse(read("action.yml")));

  it("declares exactly the inputs of the schema, in its order", () => {
    expect(Object.keys(action.inputs)).toEqual(Object.keys(ActionInputs.shape));
  });

  it("gives each input the schema's default, and none where the schema has none", () => {
    const defaults = Object.entries(ActionInputs.parse({})).map(([name, value]) => [
      name,
      value === null ? undefined : String(value),
    ]);
    const declared = Object.entries(action.inputs).map(([name, input]) => [name, input.default]);
    expect(declared).toEqual(
      defaults.map(([name, value]) => [name, name === "github_token" ? "${{ github.token }}" : value]),
    );
  });

  it("promises every output of the product's list", () => {
    expect(Object.keys(action.outputs)).toEqual([
      ...[
        "conclusion",
        "stop_reason",
        "verification",
        "session_id",
        "branch_name",
        "pr_number",
        "pr_url",
        "num_turns",
        "total_cost_usd",
      ],
      ...[
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "resumable",
        "state_ref",
        "report_file",
      ],
      ...["execution_file", "trace_file", "go", "envelope"],
    ]);
  });

  it("ends every description with a full stop and promises no token as an output", () => {
    for (const [name, { description }] of [...Object.entries(action.inputs), ...Object.entries(action.outputs)]) {
      expect(description, name).toMatch(/[.)]$/);
    }
    expect(Object.keys(action.outputs).filter((name) => /(?:^|_)(?:token|key|secret)$/.test(name))).toEqual([]);
  });

  it("names as secret exactly the inputs whose value is a credential", () => {
    expect([...secretInputs].sort()).toEqual(
      Object.keys(action.inputs)
        .filter((name) => /(?:_key|_token)$/.test(name))
        .sort(),
    );
  });
});

describe("app.yml", () => {
  it("asks for the events that the App subscribes to, and for no other", () => {
    const app = z.object({ default_events: z.array(z.string()) }).parse(parse(read("app.yml")));
    // Events of the installation itself reach every App without being asked for.
    const subscribed = subscriptions
      .map((name) => name.split(".")[0]!)
      .filter((name) => !name.startsWith("installation"));
    expect([...app.default_events].sort()).toEqual([...new Set(subscribed)].sort());
  });

  it("asks for the rights that the workflow's jobs have, metadata besides, and for none more", () => {
    const app = z.object({ default_permissions: z.record(z.string(), z.string()) }).parse(parse(read("app.yml")));
    expect(app.default_permissions).toEqual({
      metadata: "read",
      contents: "write",
      issues: "write",
      pull_requests: "write",
      checks: "write",
      actions: "write",
    });
  });
});

describe("README.md", () => {
  it("names every input of the action", () => {
    const readme = read("README.md");
    const action = Action.parse(parse(read("action.yml")));
    const missing = [...Object.keys(action.inputs), ...Object.keys(action.outputs)].filter(
      (name) => !readme.includes(`\`${name}\``),
    );
    expect(missing).toEqual([]);
  });
});

describe("package.json", () => {
  const pkg = JSON.parse(read("package.json"));

  it("pins every dependency to one version", () => {
    const loose = Object.entries({ ...pkg.dependencies, ...pkg.devDependencies }).filter(
      ([, v]) => !/^(?:npm:[@\w/.-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(String(v)),
    );
    expect(loose).toEqual([]);
  });

  it("is locked to npm's public registry", () => {
    const lock = JSON.parse(read("package-lock.json"));
    const packages = Object.values(lock.packages) as {
      resolved?: string;
      integrity?: string;
      link?: boolean;
      optional?: boolean;
      os?: string[];
      cpu?: string[];
    }[];
    expect(
      packages
        .map((p) => p.resolved)
        .filter((url) => url !== undefined && !url.startsWith("https://registry.npmjs.org/")),
    ).toEqual([]);
    // Builds for other platforms may be locked by version alone; whatever is installed here has its hash.
    expect(packages.slice(1).filter((p) => !p.integrity && !(p.optional && p.cpu))).toEqual([]);
  });

  it("locks the dependencies that it names", () => {
    const lock = JSON.parse(read("package-lock.json"));
    expect(lock.packages[""].dependencies).toEqual(pkg.dependencies);
    expect(lock.packages[""].devDependencies).toEqual(pkg.devDependencies);
  });
});
