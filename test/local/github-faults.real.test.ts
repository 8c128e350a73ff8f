import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Person } from "../../src/local/github/person.ts";
import { type EmbeddedGitHub, startGitHub } from "../../src/local/github/start-github.ts";

const R = "/repos/octo/hello";
let github: EmbeddedGitHub;
let octo: Person;

beforeAll(async () => {
  github = await startGitHub();
  await github.addRepo({ fullName: "octo/hello", files: { "a.txt": "1\n" } });
  octo = github.as("octo");
});
afterEach(() => github.faults.clear());
afterAll(() => github.close());

const create = (title: string) => octo.attempt("POST", `${R}/issues`, { title });
const titles = async () =>
  (await octo.request("GET", `${R}/issues`)).body.map((issue: { title: string }) => issue.title);

test("a status before the effect leaves nothing behind, after the effect everything", async () => {
  github.faults.add({ match: { operation: "issues/create" }, before: 502 });
  github.faults.add({ match: { operation: "issues/create", nth: 2 }, after: 500 });
  expect([(await create("before")).status, (await create("after")).status, (await create("fine")).status]).toEqual([
    502, 500, 201,
  ]);
  expect(await titles()).toEqual(["fine", "after"]);
  expect(github.countEffects("issues/create")).toBe(2);
});

test("a cut line looks the same before and after the effect, but is not", async () => {
  github.faults.add({ match: { method: "POST", path: /\/issues$/ }, before: "reset" });
  await expect(create("cut-before")).rejects.toThrow();
  github.faults.add({ match: { method: "POST", path: /\/issues$/ }, after: "reset" });
  await expect(create("cut-after")).rejects.toThrow();
  expect(await titles()).toContain("cut-after");
  expect(await titles()).not.toContain("cut-before");
});

test("silence lasts until the client gives up", async () => {
  github.faults.add({ match: { operation: "issues/list-for-repo" }, before: "timeout" });
  const headers = { authorization: `Bearer ${octo.token}` };
  await expect(fetch(`${github.apiUrl}${R}/issues`, { headers, signal: AbortSignal.timeout(200) })).rejects.toThrow(
    /timeout/,
  );
});

test("a lagging list misses what is young, also in its counts, and shows it later", async () => {
  await create("young");
  const fault = github.faults.add({ match: { operation: "issues/list-for-repo" }, lagMs: 60_000 });
  expect(await titles()).toEqual([]);
  fault.remove();
  expect(await titles()).toContain("young");
});

test("a fault may carry its own headers, meet only some actors, and be counted", async () => {
  const fault = github.faults.add({
    match: { operation: "issues/get", actor: "user", times: 2 },
    before: 429,
    headers: { "retry-after": "7" },
  });
  const { body } = await create("headers");
  const get = () => octo.attempt("GET", `${R}/issues/${body.number}`);
  const first = await get();
  expect([first.status, first.headers.get("retry-after")]).toEqual([429, "7"]);
  expect([(await get()).status, (await get()).status, fault.hits]).toEqual([429, 200, 2]);
});

test("in an outage everything is 503 until it ends", async () => {
  github.faults.down();
  expect([
    (await create("down")).status,
    (await octo.attempt("POST", "/graphql", { query: "{ viewer { login } }" })).status,
  ]).toEqual([503, 503]);
  github.faults.up();
  expect((await create("up")).status).toBe(201);
});

test("a renamed repository answers with 301 to its new name", async () => {
  const repo = await github.addRepo({ fullName: "octo/old", files: { "a.txt": "1\n" } });
  github.rename(repo, "new");
  const headers = { authorization: `Bearer ${octo.token}` };
  const moved = await fetch(`${github.apiUrl}/repos/octo/old`, { headers, redirect: "manual" });
  expect([moved.status, moved.headers.get("location")]).toEqual([301, `${github.apiUrl}/repos/octo/new`]);
});

test("a deleted repository is gone for everybody", async () => {
  const repo = await github.addRepo({ fullName: "octo/brief", files: { "a.txt": "1\n" } });
  const number = await octo.openIssue("octo/brief", { title: "t" });
  await github.settled();
  github.remove(repo);
  expect((await octo.attempt("GET", `/repos/octo/brief/issues/${number}`)).status).toBe(404);
  expect((await fetch(`${github.url}/octo/brief.git/info/refs?service=git-upload-pack`)).status).toBe(401);
});

test("pages show issues and pull requests without running anything in them", async () => {
  const body =
    "# Hi\n<script>alert(1)</script>\n\n<!-- secret -->\n\n[x](javascript:alert(1))\n\n<details><summary>More</summary>\n\n- [x] done\n\n</details>";
  const { body: issue } = await octo.request("POST", `${R}/issues`, { title: "<b>bold</b>", body });
  const html = await (await fetch(`${github.url}/octo/hello/issues/${issue.number}`)).text();
  expect(html).toContain("&#60;b&#62;bold&#60;/b&#62;");
  expect(html).toContain("<details><summary>More</summary>");
  expect(html).not.toMatch(/<script|href=.javascript|secret/);
});

test("two worlds give the same numbers", async () => {
  const ids = [];
  for (let count = 0; count < 2; count++) {
    await using world = await startGitHub();
    await world.addRepo({ fullName: "octo/hello", files: { "a.txt": "1\n" } });
    const { body } = await world.as("octo").request("POST", `${R}/issues`, { title: "t" });
    ids.push(body.id, body.node_id);
  }
  expect(ids.slice(0, 2)).toEqual(ids.slice(2));
});
