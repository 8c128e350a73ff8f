import { z } from "zod";
import type { PermissionOutcome } from "../domain/permission.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "./client.ts";
import { messageOf, statusOf } from "./outcome.ts";

const Answer = z.object({
  permission: z.enum(["admin", "write", "read", "none"]),
  role_name: z.string().optional(),
  user: z.object({ id: z.int(), login: z.string() }).nullish(),
});

/**
 * What this account may do on the repository, asked of GitHub now (row 49). A login that meanwhile belongs to another
 * id has no right: names can be taken over, ids cannot.
 */
export async function fetchPermission(
  github: GitHub,
  repository: RepositoryName,
  actor: { id: number; login: string },
): Promise<PermissionOutcome> {
  try {
    const { data } = await github.get<unknown>("/repos/{owner}/{repo}/collaborators/{username}/permission", {
      ...repository,
      username: actor.login,
    });
    const answer = Answer.safeParse(data);
    if (!answer.success) return { kind: "unknown", why: "GitHub's answer does not fit" };
    const { permission, role_name, user } = answer.data;
    if (user && user.id !== actor.id)
      return { kind: "absent", why: `the login ${actor.login} now belongs to another account` };
    return { kind: "known", permission, role: role_name ?? permission };
  } catch (error) {
    if (statusOf(error) === 404) return { kind: "absent", why: "not a collaborator" };
    return { kind: "unknown", why: messageOf(error) };
  }
}

const Account = z.object({ id: z.int(), login: z.string(), type: z.string() });
export type Account = z.infer<typeof Account>;

/** The account behind an id as it is now, or null when it is gone or cannot be asked: ids are what triggers carry. */
export async function fetchAccount(github: GitHub, id: number): Promise<Account | null> {
  try {
    const { data } = await github.get<unknown>("/user/{account_id}", { account_id: id });
    const account = Account.safeParse(data);
    return account.success && account.data.id === id ? account.data : null;
  } catch {
    return null;
  }
}

/** `User`, `Bot`, `Organization`, … of a login as GitHub says it now, or null when it cannot be asked or the id differs. */
export async function fetchActorType(github: GitHub, actor: { id: number; login: string }): Promise<string | null> {
  try {
    const { data } = await github.get<unknown>("/users/{username}", { username: actor.login });
    const account = Account.safeParse(data);
    return account.success && account.data.id === actor.id ? account.data.type : null;
  } catch {
    return null;
  }
}
