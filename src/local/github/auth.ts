import { createVerify, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { WorkflowRun } from "./actions.ts";
import type { Account, App, Installation, Permissions, Repo, Token } from "./records.ts";
import { HttpError } from "./router.ts";
import { accountOf, type Store } from "./store.ts";

/** Who speaks. Everybody but `anonymous` and `app` has the account that authors what it writes. */
export type Actor =
  | { kind: "anonymous" }
  | { kind: "user"; account: Account; token: Token }
  | { kind: "app"; app: App }
  | {
      kind: "installation";
      app: App;
      installation: Installation;
      account: Account;
      token: Token;
      permissions: Permissions;
      repositoryIds: number[] | null;
    }
  | {
      kind: "job";
      app: App;
      run: WorkflowRun;
      account: Account;
      token: Token;
      permissions: Permissions;
      repositoryIds: number[];
    };

const BAD_CREDENTIALS = "Bad credentials";

/** Reads the Authorization header into an actor; a bad one is 401 as on GitHub. */
export function authenticate(store: Store, headers: IncomingHttpHeaders): Actor {
  const header = headers.authorization;
  if (!header) return { kind: "anonymous" };
  const value = readCredential(header);
  if (value === null) throw new HttpError(401, BAD_CREDENTIALS);
  if (!value.startsWith("ghs_") && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value))
    return { kind: "app", app: verifyJwt(store, value) };
  return actorOfToken(store, value);
}

function readCredential(header: string): string | null {
  const [scheme, rest] = [header.slice(0, header.indexOf(" ")).toLowerCase(), header.slice(header.indexOf(" ") + 1)];
  if (scheme === "bearer" || scheme === "token") return rest.trim();
  if (scheme !== "basic") return null;
  const decoded = Buffer.from(rest, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  const password = decoded.slice(colon + 1);
  return password === "" || password === "x-oauth-basic" ? decoded.slice(0, colon) : password;
}

/** Finds whom a token speaks for; unknown, expired or suspended is 401. */
export function actorOfToken(store: Store, value: string): Actor {
  const token = store.tokens.get(value);
  if (!token || (token.expiresAt !== null && token.expiresAt <= store.now())) throw new HttpError(401, BAD_CREDENTIALS);
  switch (token.kind) {
    case "user":
      return { kind: "user", account: accountOf(store, token.accountId), token };
    case "installation": {
      const installation = store.installations.get(token.installationId);
      const app = installation && store.apps.get(installation.appId);
      if (!installation || !app) throw new HttpError(401, BAD_CREDENTIALS);
      if (installation.suspendedAt !== null) throw new HttpError(403, "This installation has been suspended");
      const account = accountOf(store, app.botId);
      const { permissions, repositoryIds } = token;
      return { kind: "installation", app, installation, account, token, permissions, repositoryIds };
    }
    case "job": {
      const run = store.runs.get(token.runId);
      if (!run) throw new HttpError(401, BAD_CREDENTIALS);
      const app = store.actionsApp;
      const account = accountOf(store, app.botId);
      return { kind: "job", app, run, account, token, permissions: token.permissions, repositoryIds: [token.repoId] };
    }
  }
}

function verifyJwt(store: Store, jwt: string): App {
  const [header, payload, signature] = jwt.split(".");
  const undecodable = new HttpError(401, "A JSON web token could not be decoded");
  let claims: { iss?: unknown; iat?: unknown; exp?: unknown };
  try {
    if (JSON.parse(Buffer.from(header!, "base64url").toString("utf8")).alg !== "RS256") throw undecodable;
    claims = JSON.parse(Buffer.from(payload!, "base64url").toString("utf8"));
  } catch {
    throw undecodable;
  }
  const app = [...store.apps.values()].find(
    (candidate) => String(claims.iss) === String(candidate.id) || claims.iss === candidate.clientId,
  );
  if (!app?.publicKey) throw new HttpError(404, "Integration not found");
  const verifier = createVerify("RSA-SHA256").update(`${header}.${payload}`);
  if (!verifier.verify(app.publicKey, Buffer.from(signature!, "base64url"))) throw undecodable;
  checkJwtTimes(claims, store.now() / 1000);
  return app;
}

// Octokit's clock correction keys on these very sentences: octokit/auth-app.js src/hook.ts.
function checkJwtTimes(claims: { iat?: unknown; exp?: unknown }, now: number): void {
  if (typeof claims.exp !== "number" || claims.exp <= now) {
    throw new HttpError(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (claims.exp > now + 660) throw new HttpError(401, "'Expiration time' claim ('exp') is too far in the future");
  if (typeof claims.iat !== "number" || claims.iat > now + 60) {
    throw new HttpError(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
}

const ROLE_RANK: Record<string, number> = { none: 0, read: 1, triage: 2, write: 3, maintain: 4, admin: 5 };

/** The role of an account in a repository: its owner is admin, a stranger `none` (public repositories are readable all the same). */
export function roleOf(repo: Repo, accountId: number): string {
  if (repo.ownerId === accountId) return "admin";
  return repo.roles.get(accountId) ?? "none";
}

/** True when the account has at least this role. */
export function hasRole(repo: Repo, accountId: number, least: string): boolean {
  return ROLE_RANK[roleOf(repo, accountId)]! >= ROLE_RANK[least]!;
}

/** True when the token covers the repository at all. */
export function coversRepo(actor: Actor, repo: Repo): boolean {
  if (actor.kind === "installation") {
    const { installation } = actor;
    if (installation.accountId !== repo.ownerId) return false;
    if (installation.repositoryIds !== null && !installation.repositoryIds.includes(repo.id)) return false;
    return actor.repositoryIds === null || actor.repositoryIds.includes(repo.id);
  }
  if (actor.kind === "job") return actor.repositoryIds.includes(repo.id);
  if (actor.kind === "user") return !repo.private || hasRole(repo, actor.account.id, "read");
  return false;
}

/** True when the actor may see the repository. */
export function canSee(actor: Actor, repo: Repo): boolean {
  return !repo.private || coversRepo(actor, repo);
}

const LEVEL_RANK: Record<string, number> = { read: 1, write: 2, admin: 3 };

/** A right as routes name it: `issues:write`, or `issues:write@read` when persons need only that role for it. */
export function hasRight(actor: Actor, repo: Repo, need: string): boolean {
  const [right, personRole] = need.split("@");
  const [scope, level] = right!.split(":") as [string, string];
  if (actor.kind === "installation" || actor.kind === "job") {
    const readable = level === "read" && !repo.private && PUBLICLY_READABLE.has(scope);
    if (!coversRepo(actor, repo)) return readable;
    const granted = scope === "metadata" ? "read" : actor.permissions[scope];
    return readable || (granted !== undefined && LEVEL_RANK[granted]! >= LEVEL_RANK[level]!);
  }
  const least = personRole ?? (level === "read" ? "read" : level === "admin" ? "admin" : "write");
  if (least === "never") return false;
  if (least === "read" && !repo.private)
    return actor.kind === "user" || (level === "read" && actor.kind === "anonymous");
  return actor.kind === "user" && hasRole(repo, actor.account.id, least);
}

const PUBLICLY_READABLE = new Set(["metadata", "contents", "issues", "pull_requests", "checks", "actions", "statuses"]);

/** Refuses, in GitHub's words, an actor that has none of the rights. */
export function requireRight(actor: Actor, repo: Repo, needs: readonly string[]): void {
  if (needs.length === 0 || needs.some((need) => hasRight(actor, repo, need))) return;
  if (actor.kind === "anonymous") throw new HttpError(401, "Requires authentication");
  const accepted = needs.map((need) => need.split("@")[0]!.replace(":", "=")).join("; ");
  if (actor.kind === "installation" || actor.kind === "job") {
    throw new HttpError(403, "Resource not accessible by integration", {
      headers: { "x-accepted-github-permissions": accepted },
    });
  }
  if (needs.some((need) => need.endsWith("@never"))) {
    throw new HttpError(403, "You must authenticate via a GitHub App.");
  }
  throw new HttpError(403, "Must have admin rights to Repository.");
}

/** The account that authors what the actor writes; an anonymous or bare App actor may not write. */
export function authorOf(actor: Actor): Account {
  if (actor.kind === "anonymous") throw new HttpError(401, "Requires authentication");
  if (actor.kind === "app") throw new HttpError(403, "Resource not accessible by integration");
  return actor.account;
}

/** The App a write goes through, or null for a person. */
export function viaAppOf(actor: Actor): number | null {
  return actor.kind === "installation" || actor.kind === "job" ? actor.app.id : null;
}

function random(length: number): string {
  return randomBytes(length).toString("base64url").slice(0, length);
}

/** A token of the form that installation tokens have since 2026-04-27: `ghs_<app id>_<JWT>`, about 520 characters with two dots. */
export function newServerToken(store: Store, appId: number): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = encode({ alg: "ES256", typ: "JWT", kid: random(22) });
  const issued = Math.floor(store.now() / 1000);
  const claims = {
    iss: "https://github.com",
    aud: "api.github.com",
    sub: `app:${appId}`,
    iat: issued,
    exp: issued + 3600,
  };
  const payload = encode({ ...claims, jti: random(43), ctx: random(92) });
  return `ghs_${appId}_${header}.${payload}.${random(86)}`;
}

/** A personal access token: `ghp_` and 36 letters and digits. */
export function newUserToken(): string {
  return `ghp_${randomBytes(64)
    .toString("base64")
    .replace(/[^A-Za-z0-9]/g, "")
    .slice(0, 36)
    .padEnd(36, "0")}`;
}
