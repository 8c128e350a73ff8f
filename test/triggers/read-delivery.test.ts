import examples from "@octokit/webhooks-examples";
import { expect, test } from "vitest";
import { subscriptions } from "../../src/app/subscriptions.ts";
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
