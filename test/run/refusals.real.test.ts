import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeLeftOut, withoutRefused } from "../../src/run/refusals.ts";
import { saveNow, saveWork } from "../../src/run/save.ts";
import { branch, key, openWork } from "./open-work.ts";

/** A remote whose rule looks into every file of what is pushed, and prints one path per ref as GitHub does. */
function refuse(remote: string, pattern: string, words: string): void {
  const script = `#!/bin/sh
while read -r old new ref; do
  found=$(git grep -l -e '${pattern}' "$new" | head -1 | cut -d: -f2-)
  [ -z "$found" ] && continue
  printf '%s\\n' ${words} >&2
  exit 1
done
`;
  writeFileSync(join(remote, "hooks/pre-receive"), script, { mode: 0o755 });
}

const secretWords = `"error: GH013: Repository rule violations found for $ref." "- GITHUB PUSH PROTECTION" "    path: $found:1"`;

describe("a push that the remote refuses", () => {
  it("is made again without the named content and the record that holds it; other content at the path gets in", async () => {
    const { run, store, session, base, put, remote } = await openWork();
    const before = session.state().work_head;
    refuse(remote, "SECRET-[0-9]", secretWords);
    const bad = await store.treeOf(
      await put({ "a.txt": "worked\n", "k.txt": "SECRET-1\n", "b.txt": "SECRET-2\n" }, base),
    );
    run.workTree = bad;
    await session.saveOutput("0001-1", Buffer.from("SECRET-1"));
    await session.record("tool_started", { call: "1", context: "c", tool: "write", input: "SECRET-1", request: "r" });
    expect(await saveWork(run, "work")).toMatchObject({ kind: "pushed" });

    const names = (tree: string) => store.listTree(tree).then((files) => files.map(({ path }) => path));
    expect(await names(run.workTree)).toEqual(["a.txt", "b.txt"]);
    expect(Buffer.from((await store.readBlob(run.workTree, "b.txt"))!).toString()).toBe("one\n");
    const head = (await store.lsRemote([branch])).get(branch)!;
    expect(await store.parentsOf(head)).toEqual([before]);
    expect(session.state()).toMatchObject({
      work_head: head,
      warnings: expect.arrayContaining([
        expect.stringMatching(/^k\.txt is left out of the work: the repository's secret protection/),
      ]),
    });
    expect(describeLeftOut(run).join()).toMatch(/k\.txt/);
    // The same content stays out of every later copy-out; what the worker mended does not.
    expect(await names(await withoutRefused(run, bad))).not.toContain("k.txt");
    const mended = await store.treeOf(await put({ "a.txt": "worked\n", "k.txt": "harmless\n" }, base));
    expect(await withoutRefused(run, mended)).toBe(mended);
    run.workTree = mended;
    expect(await saveWork(run, "mended")).toMatchObject({ kind: "pushed" });
    await session.close();
  });

  it("takes what was verified back to the evaluator when content is left out of it", async () => {
    const { run, store, session, base, put, remote } = await openWork();
    refuse(remote, "SECRET-[0-9]", secretWords);
    run.workTree = await store.treeOf(await put({ "a.txt": "worked\n", "k.txt": "SECRET-1\n" }, base));
    await session.record("work_finished", { tree: run.workTree, summary: "" });
    expect(await saveWork(run, "work", { bare: true })).toMatchObject({ kind: "pushed" });
    expect(session.state().unjudged).toBe(run.workTree);
    await session.close();
  });

  it("is given up where nothing is named: the branch stays, the checkpoint goes on, and the words are the remote's", async () => {
    const { run, store, session, base, put, remote } = await openWork();
    const before = session.state().work_head;
    writeFileSync(
      join(remote, "hooks/update"),
      '#!/bin/sh\ncase $1 in refs/heads/*) echo "error: GH013: Repository rule violations found" >&2; echo "- Commits must be signed" >&2; exit 1;; esac\n',
      { mode: 0o755 },
    );
    run.workTree = await store.treeOf(await put({ "a.txt": "more\n" }, base));
    expect(await saveWork(run, "work")).toMatchObject({ kind: "refused", why: "rules" });
    expect(run.conflict).toMatchObject({
      stop: "config_error",
      text: expect.stringContaining("Commits must be signed"),
    });
    expect(session.state().work_head).toBe(before);
    const ref = `refs/baton/${key}`;
    const saved = (await store.lsRemote([ref])).get(ref)!;
    expect(await store.resolve(`${saved}:work`)).toBe(run.workTree);
    expect(await saveNow(run)).toMatchObject({ kind: "pushed" });
    await session.close();
  });
});
