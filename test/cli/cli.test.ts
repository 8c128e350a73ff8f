import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commands as listed } from "../../src/cli/commands.ts";
import { version } from "../../src/run/version.ts";
import { baton } from "./fake-terminal.ts";

const commands = await Promise.all(listed.map(async (one) => await one.load()));

describe("the command line", () => {
  it("lists each command under its own name, and loads none before it is called", () => {
    expect(commands.map(({ name }) => name)).toEqual(listed.map(({ name }) => name));
    // Probot, Octokit and the SDK cost more than a second of CPU: too long for `baton --help`.
    for (const file of ["cli.ts", "commands.ts"]) {
      const source = readFileSync(join(import.meta.dirname, "../../src/cli", file), "utf8");
      expect(source).not.toMatch(/^import (?!type).*-command\.ts"/m);
    }
  });

  it("lists every command once, in the order of the story", async () => {
    const { code, out } = await baton(["--help"]);
    const names = [...out.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name);
    expect(code).toBe(0);
    expect(names).toEqual(
      "run continue status report trace demo init doctor serve simulate replay maintenance".split(" "),
    );
  });

  it.each(commands.map((command) => command.name))(
    "%s explains itself with usage, examples and exit code",
    async (name) => {
      const { code, out } = await baton([name, "--help"]);
      expect(code).toBe(0);
      expect(out).toContain(`Usage: baton ${name}`);
      expect(out).toMatch(/Examples:|--break/);
      expect(out).toContain("Exit code");
    },
  );

  it.each(commands)("$name explains each of its options, and no other", ({ help, options }) => {
    const explained = [...help.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name!);
    expect(explained.sort()).toEqual(Object.keys(options).sort());
  });

  it("says its version", async () => {
    expect(await baton(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  it("names what was found and what is allowed", async () => {
    expect((await baton(["frob"])).err).toMatch(/no command "frob"\. Allowed: run, continue/);
    const option = await baton(["status", "--frob"]);
    expect(option).toMatchObject({ code: 2 });
    expect(option.err).toContain("There is no option --frob. Allowed: --repo, --output, --help.");
    const count = await baton(["report"]);
    expect(count).toMatchObject({ code: 2 });
    expect(count.err).toContain("Something is missing after baton report. Usage: baton report SESSION");
    expect((await baton(["help", "runn"])).err).toContain("Did you mean run?");
    expect((await baton(["help", "run"])).out).toContain("Usage: baton run");
    expect((await baton(["runn"])).err).toContain("Did you mean run?");
    expect((await baton(["run", "--tasks", "x"])).err).toContain("Did you mean --task?");
    expect((await baton(["run", "--tsak", "x"])).err).toContain("Did you mean --task?");
    expect((await baton(["run", "-t", "x"])).err).toContain("There is no option -t. Allowed:");
    expect((await baton(["run", "--max-budget-usd", "1", "--max-budget-usd=9"])).err).toContain(
      '--max-budget-usd is given 2 times ("1", "9"); once is allowed.',
    );
    expect((await baton(["run", "mend it"])).err).toContain(
      '"mend it" is one word too many. A task goes in quotes behind --task.',
    );
    expect((await baton(["run", "--max-turns", "few"])).err).toContain(
      '--max-turns is "few"; allowed is a number above 0',
    );
    expect((await baton(["status", "--output", "xml"])).err).toContain('--output is "xml"; allowed is text, json');
  });

  it("names what serve needs, and refuses a short secret", async () => {
    const empty = await baton(["serve"]);
    expect(empty.code).toBe(2);
    expect(empty.err).toContain("APP_ID, WEBHOOK_SECRET, PRIVATE_KEY or PRIVATE_KEY_PATH");
    const env = { APP_ID: "1", WEBHOOK_SECRET: "short", PRIVATE_KEY: "-----BEGIN PRIVATE KEY-----\\n" };
    expect((await baton(["serve"], { env })).err).toContain("the webhook secret has 5 bytes; at least 32");
    const long = { ...env, WEBHOOK_SECRET: "x".repeat(32) };
    const refused = await baton(["serve"], { env: long });
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.err).toContain("the App's private key cannot be read. Give the whole PEM file");
    expect((await baton(["serve"], { env: { ...long, APP_ID: "shop" } })).err).toContain(`the App's id is "shop"`);
    expect((await baton(["serve"], { env: { ...long, GITHUB_API_URL: "ghe" } })).err).toContain("REST base, such as");
    expect((await baton(["serve", "--port", "x"], { env })).err).toContain(
      'The port is "x"; allowed is a number from 0',
    );
  });
});
