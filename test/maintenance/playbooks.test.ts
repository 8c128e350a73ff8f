import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/domain/errors.ts";
import { SessionKey } from "../../src/domain/session-key.ts";
import { builtInPlaybooks } from "../../src/maintenance/built-in-playbooks.ts";
import { maintenanceKeyOf } from "../../src/maintenance/decide-due.ts";
import { readPlaybook } from "../../src/maintenance/read-playbook.ts";
import { readPlaybooks } from "../../src/maintenance/read-playbooks.ts";
import { playbookSchemaPath, renderPlaybookSchema } from "../../src/maintenance/schema.ts";

const root = join(import.meta.dirname, "../..");
const file = ".github/baton/maintenance/tidy.md";
const head = "name: tidy\ndescription: Tidies up.\nschedule: nightly";
const body = "Tidy up the repository, please.";
const playbook = (yaml: string, text = body): string => `---\n${yaml}\n---\n${text}\n`;
const refused = (text: string): string => {
  try {
    readPlaybook(text, file);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
};

describe("readPlaybook", () => {
  it("reads front matter with its defaults, and the request", () => {
    expect(readPlaybook(playbook(head), file)).toEqual({
      ...{
        name: "tidy",
        description: "Tidies up.",
        schedule: "nightly",
        limits: {},
        paths: [],
        prepare: [],
        oracles: [],
        labels: [],
        reviewers: [],
        skip_if: [],
      },
      ...{ body, source: file },
    });
  });

  it("reads a file with Windows line ends and a byte order mark", () => {
    expect(readPlaybook(`\ufeff${playbook(head).replaceAll("\n", "\r\n")}`, file).name).toBe("tidy");
  });

  it.each([
    ["no front matter", "# Tidy up\n", 1, "begins the front matter"],
    ["front matter without an end", `---\n${head}\nTidy`, 5, "a second line `---`"],
    ["no request", playbook(head, ""), 6, "the request, in plain words"],
    ["a misspelt key", playbook(`${head}\nlables: [a]`), 5, "unknown key `lables`"],
    [
      "a misspelt limit",
      playbook(`${head}\nlimits:\n  usd: 1\n  turn: 3`),
      7,
      "unknown key `limits.turn`; allowed is: turns, usd, minutes",
    ],
    ["a schedule that is none", playbook(head.replace("nightly", "daily")), 4, "weekly:<monday to sunday>"],
    ["a day that no month is sure to have", playbook(head.replace("nightly", "monthly:31")), 4, "monthly:<1 to 28>"],
    ["a missing description", playbook("name: tidy\nschedule: nightly"), 2, "`description` is missing"],
    ["a wrong type", playbook(`${head}\noracles: npm test`), 5, '`oracles` is `"npm test"`'],
    ["a wrong item", playbook(`${head}\nlabels:\n  - ok\n  - 7`), 7, "`labels.1` is `7`"],
    ["broken YAML", playbook(`${head}\nlimits: {usd: 1`), 5, "plain YAML"],
    ["a key twice", playbook(`${head}\nname: tidy`), 5, "plain YAML"],
    ["a name that is not the file's", playbook(head.replace("tidy", "other")), 2, "the file's own name"],
  ])("refuses %s, naming file and line", (_what, text, line, message) => {
    expect(refused(text)).toContain(`${file}:${line}: `);
    expect(refused(text)).toContain(message);
  });

  it("refuses aliases that expand without end, in no time", () => {
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x]",
      ...["b", "c", "d", "e", "f", "g"].map((k, i) => `${k}: &${k} [${Array(9).fill(`*${"abcdef"[i]}`).join(",")}]`),
    ].join("\n");
    expect(refused(playbook(bomb))).toContain("the values written out");
  });
});

describe("the playbooks that come along", () => {
  it.each([...builtInPlaybooks])("%s is valid, says what done means, and gives a session key", (name, text) => {
    const read = readPlaybook(text, `built-in/${name}.md`);
    expect(read.body).toContain("Done means");
    expect(SessionKey.parse(maintenanceKeyOf(name, "2026-11-21"))).toBe(`maintenance-${name}-20261121`);
  });

  it.each(readdirSync(join(root, "docs/playbooks")).filter((f) => f.endsWith(".md") && f !== "README.md"))(
    "docs/playbooks/%s is valid",
    (name) => {
      expect(
        readPlaybook(readFileSync(join(root, "docs/playbooks", name), "utf8"), `docs/playbooks/${name}`).body,
      ).toContain("Done means");
    },
  );

  it("have a schema for editors that is up to date", () => {
    expect(readFileSync(join(root, playbookSchemaPath), "utf8")).toBe(renderPlaybookSchema());
  });
});

describe("readPlaybooks", () => {
  it("takes a file of the repository before the built-in of its name, and only what the policy names", () => {
    const files = new Map([
      [`.github/baton/maintenance/flaky-tests.md`, playbook(head.replace("tidy", "flaky-tests"))],
      [file, playbook(head)],
    ]);
    const { playbooks, broken } = readPlaybooks(["flaky-tests", "readme-examples"], files);
    expect(playbooks.map((p) => p.source)).toEqual([
      ".github/baton/maintenance/flaky-tests.md",
      "built-in/readme-examples.md",
    ]);
    expect(broken).toEqual([]);
  });

  it("goes on with the others when one is broken or missing, and names it", () => {
    const { playbooks, broken } = readPlaybooks(["tidy", "no-such", "flaky-tests"], new Map([[file, "nothing"]]));
    expect(playbooks.map((p) => p.name)).toEqual(["flaky-tests"]);
    expect(broken.map((b) => b.name)).toEqual(["tidy", "no-such"]);
    expect(broken[1]!.error.message).toContain("built in are: dependency-updates, flaky-tests, readme-examples");
  });
});
