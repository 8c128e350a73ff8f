import { describe, expect, it } from "vitest";
import { readInputs } from "../../src/action/inputs.ts";
import { ConfigError } from "../../src/domain/errors.ts";

const pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----";
const from = (values: Record<string, string>) => readInputs((name) => values[name] ?? "");
const refused = (values: Record<string, string>): string => {
  try {
    from(values);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
};

describe("readInputs", () => {
  it("gives the defaults when everything is empty", () => {
    expect(from({})).toMatchObject({
      mode: "run",
      config_file: ".github/baton.yml",
      branch_prefix: "baton/",
      sandbox: "required",
      dry_run: false,
      max_turns: null,
    });
  });

  it("reads numbers, switches and text, with spaces around them", () => {
    expect(
      from({ max_turns: " 60 ", max_budget_usd: "2.5", dry_run: "True", issue_number: "12", prompt: " do it\n" }),
    ).toMatchObject({
      max_turns: 60,
      max_budget_usd: 2.5,
      dry_run: true,
      issue_number: 12,
      prompt: "do it",
    });
  });

  it.each([
    ["max_turns", "many", "a whole number from 1 to 10000"],
    ["max_turns", "0", "a whole number from 1 to 10000"],
    ["max_turns", "1.5", "a whole number from 1 to 10000"],
    ["max_turns", "1e3", "a whole number from 1 to 10000"],
    ["max_budget_usd", "-1", "US dollars as a number above 0"],
    ["max_budget_usd", "$5", "US dollars as a number above 0"],
    ["timeout_minutes", "331", "at most 330"],
    ["issue_number", "#12", "a whole number from 1"],
    ["dry_run", "yes", "true or false"],
    ["sandbox", "off", "required or degraded-ok"],
    ["mode", "both", "gate, run or close"],
    ["config_file", "../baton.yml", "a path inside the repository"],
    ["config_file", "/etc/passwd", "a path inside the repository"],
    ["branch_prefix", "refs heads", "the start of a branch name"],
    ["app_id", "my-app", "the App's id"],
    ["anthropic_base_url", "file:///etc", "a URL that begins with https:// or http://"],
  ])("refuses %s: %s, and says what is allowed", (name, value, allowed) => {
    const message = refused({ [name]: value });
    expect(message).toContain(`\`${name}\``);
    expect(message).toContain(JSON.stringify(value));
    expect(message).toContain(allowed);
  });

  it.each(["anthropic_api_key", "github_token"])("never shows a malformed %s", (name) => {
    const message = refused({ [name]: "sk-secret value" });
    expect(message).toContain(`\`${name}\``);
    expect(message).not.toContain("sk-secret");
  });

  it("never shows a malformed private key", () => {
    const message = refused({ app_id: "12", app_private_key: "MIIsecret" });
    expect(message).not.toContain("MIIsecret");
    expect(message).toContain("the whole PEM file");
  });

  it("refuses two prompts, and an App without its key or a key without its App", () => {
    expect(refused({ prompt: "a", prompt_file: "b.md" })).toContain("`prompt` and `prompt_file`");
    expect(refused({ app_id: "12" })).toContain("`app_private_key` is empty");
    expect(refused({ app_private_key: pem })).toContain("`app_id` is empty");
    expect(from({ app_id: "Iv23liABCDEF", app_private_key: pem })).toMatchObject({
      app_id: "Iv23liABCDEF",
      app_private_key: pem,
    });
  });
});
