import { expect, it } from "vitest";
import { baton } from "./fake-terminal.ts";
import { createRepository, git } from "./repository.ts";

it("a dry run of a local task leaves no ref, no branch and no session, whatever the path is called", async () => {
  const cwd = createRepository({ "a.txt": "a\n" });
  const { code, out } = await baton(["run", "--task", "x", "--dry-run"], { cwd });
  expect(code).toBe(0);
  expect(out).toContain("This was a dry run");
  expect(git(cwd, "for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
  expect((await baton(["status"], { cwd })).out).toContain("No session in");
});
