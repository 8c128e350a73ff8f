import examples from "@octokit/webhooks-examples";
import { expect, test } from "vitest";
import { subscriptions } from "../../src/app/subscriptions.ts";
import { commandHeadLength } from "../../src/domain/command.ts";
import { renderVisibleText } from "../../src/github/visible-text.ts";
import { readDelivery } from "../../src/triggers/read-delivery.ts";

const hands = { renderVisible: (markdown: string) => renderVisibleText(markdown).text };
const published = (examples as unknown as { default?: unknown }).default ?? examples;
const all = published as { name: string; examples: unknown[] }[];

test("every published example of every event passes through, and those subscribed to are understood", () => {
  const read = new Map<string, Set<string>>();
  for (const { name, examples: payloads } of all) {
    for (const payload of payloads) {
      const { action } = payload as { action?: string };
      const key = action ? `${name}.${action}` : name;
      const reading = readDelivery(name, payload, hands);
      const reasons = read.get(key) ?? new Set();
      reasons.add(reading.kind === "ignored" ? reading.reason : reading.kind);
      read.set(key, reasons);
    }
  }
  for (const subscription of subscriptions) {
    for (const reason of read.get(subscription) ?? [])
      expect(reason, subscription).not.toMatch(/nothing is done|does not fit/);
  }
  expect(read.get("issues.labeled")).toContain("trigger");
});

test.each([null, 1, "x", [], {}, { action: 1 }, { action: "labeled" }, { action: "labeled", issue: { number: "x" } }])(
  "%j is ignored",
  (payload) => {
    expect(readDelivery("issues", payload, hands).kind).toBe("ignored");
  },
);

test("edited and deleted comments are nobody's command", () => {
  for (const action of ["edited", "deleted"])
    expect(readDelivery("issue_comment", { action }, hands).kind).toBe("ignored");
});

test("of a text of any length the App reads the head, and of a payload nothing that it does not need", () => {
  const lengths: number[] = [];
  const counting = {
    renderVisible: (markdown: string) => {
      lengths.push(markdown.length);
      return markdown;
    },
  };
  const account = { id: 1, login: "mallory", type: "User" };
  const labels = Array.from({ length: 100_000 }, (_, at) => ({ name: `${at}` }));
  const deep = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`) as unknown;
  const times = { created_at: "2026-11-20T00:00:00Z", updated_at: "2026-11-20T00:00:00Z" };
  const payload = {
    action: "created",
    repository: { id: 1, name: "shop", owner: account, topics: deep },
    sender: account,
    issue: { number: 1, title: "T", state: "open", body: "a\n=\n".repeat(16_000), labels },
    comment: { id: 2, body: `/continue\n${"a\n=\n".repeat(16_000)}`, user: account, deep, ...times },
  };
  expect(readDelivery("issue_comment", payload, counting).kind).toBe("trigger");
  expect(lengths).toEqual([commandHeadLength]);
});
