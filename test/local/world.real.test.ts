import { access } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { World } from "../../src/local/world.ts";
import { startWorld } from "../../src/local/world.ts";

const actionDir = join(import.meta.dirname, "../fixtures/tiny-action");

/** A job that asks the model as an action would, and comments what it said. */
const workflow = `
name: baton
on:
  issues: { types: [labeled] }
jobs:
  run:
    runs-on: ubuntu-latest
    permissions: { contents: write, issues: write }
    steps:
      - uses: actions/checkout@v6
      - env:
          KEY: \${{ secrets.ANTHROPIC_API_KEY }}
          TOKEN: \${{ github.token }}
        run: |
          echo "key $KEY"
          curl -sS "$ANTHROPIC_BASE_URL/v1/messages" -H "x-api-key: $KEY" -H 'anthropic-version: 2026-10-21' \\
            -d '{"model":"claude-sonnet-5-5","max_tokens":50,"messages":[{"role":"user","content":"hi"}]}' > answer.json
          grep -o 'said by script' answer.json
          curl -sS -X POST "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/\${{ github.event.issue.number }}/comments" \\
            -H "authorization: Bearer $TOKEN" -d '{"body":"said by script"}'
          git checkout -q -b baton/issue-1
          git -c user.name=b -c user.email=b@example.com commit -q --allow-empty -m work
          git push -q origin HEAD:refs/heads/baton/issue-1 HEAD:refs/baton/issue-1
`;

async function isUp(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}

test("a world plays from a label to a comment and a pushed branch, tells the App, and leaves nothing", async () => {
  const heard: string[] = [];
  const app = createServer((request, response) => {
    heard.push(`${request.headers["x-github-event"]} ${String(request.headers["x-hub-signature-256"]).slice(0, 7)}`);
    request.resume();
    request.on("end", () => response.end("ok"));
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  let world: World | undefined;
  try {
    world = await startWorld({
      script: () => ({ text: "said by script" }),
      files: { "README.md": "# app\n" },
      workflows: { "baton.yml": workflow },
      actionDir,
    });
    world.webhookTarget(`http://127.0.0.1:${(app.address() as AddressInfo).port}/`);
    expect(await world.snapshotCounts()).toMatchObject({ branches: [], pullRequests: [], botComments: [], runs: 0 });
    const number = await world.openIssue({ title: "Something is wrong", body: "Look." });
    await world.label(number, "baton", "triager");
    const { actions } = world.github;
    await world.waitFor(() => actions.runs.length === 1, { what: "a run" });
    await world.idle();
    expect(actions.runs[0]?.conclusion).toBe("success");
    expect(actions.runs[0]?.jobs[0]?.log).toContain("key ***\n");
    expect(await world.snapshotCounts()).toMatchObject({
      branches: ["baton/issue-1"],
      otherRefs: ["refs/baton/issue-1"],
      botComments: ["1: said by script"],
      runs: 1,
    });
    expect(world.model?.requests()).toHaveLength(1);
    expect(world.model?.problems()).toEqual([]);
    expect(heard).toEqual(expect.arrayContaining(["issues sha256=", "issue_comment sha256="]));
    await expect(world.waitFor(() => false, { timeoutMs: 50, what: "nothing" })).rejects.toThrow(
      "Something is wrong: completed success",
    );
  } finally {
    await world?.close();
    app.close();
  }
  expect(await isUp(world.github.url)).toBe(false);
  expect(await isUp(world.model?.url ?? "")).toBe(false);
  expect(await access(world.dir).catch(() => "gone")).toBe("gone");
});
