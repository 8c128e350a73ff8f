import { createPrivateKey, createSign } from "node:crypto";
import { z } from "zod";
import { ConfigError } from "../domain/errors.ts";
import { createGitHub, type GitHub, type GitHubOptions, type TokenSource } from "./client.ts";
import { statusOf } from "./outcome.ts";

/** The rights that a run needs of an installation token, and no more. */
export const runPermissions = {
  actions: "write",
  checks: "write",
  contents: "write",
  issues: "write",
  metadata: "read",
  pull_requests: "write",
} as const;

export interface AppCredentials {
  appId: string;
  /** PEM, PKCS#1 or PKCS#8; `\n` written out as two characters is understood. */
  privateKey: string;
}

const Minted = z.object({ token: z.string().min(1), expires_at: z.string() });
/** A token is renewed this long before it ends (it lives an hour, row 39). */
const renewBeforeMs = 5 * 60_000;

/** A JSON Web Token by which the App speaks for itself, valid for nine minutes; `now` in ms. */
export function signAppToken(credentials: AppCredentials, now: number): string {
  const seconds = Math.floor(now / 1_000);
  // Sixty seconds back for clocks that differ, as GitHub's documentation advises.
  const claims = { iat: seconds - 60, exp: seconds + 540, iss: credentials.appId };
  const head = `${encode({ alg: "RS256", typ: "JWT" })}.${encode(claims)}`;
  const signature = createSign("RSA-SHA256").update(head).sign(readKey(credentials.privateKey), "base64url");
  return `${head}.${signature}`;
}

/** A client that speaks as the App itself: installations and deliveries. */
export function createAppGitHub(credentials: AppCredentials, options: Omit<GitHubOptions, "token">): GitHub {
  const now = options.now ?? Date.now;
  return createGitHub({ ...options, token: async () => signAppToken(credentials, now()) });
}

export interface InstallationTokens {
  token: TokenSource;
  /** Ends the life of every token that was minted; called in the last step, so that a leaked copy is worth nothing. */
  revoke(): Promise<void>;
}

/** Mints and renews installation tokens narrowed to one repository and to `permissions`. */
export function createInstallationTokens(
  app: GitHub,
  spec: {
    installationId: number;
    repositoryId?: number;
    repository?: string;
    permissions?: { [name: string]: string };
  },
  options: { revokeWith(token: string): GitHub; now?: () => number },
): InstallationTokens {
  const now = options.now ?? Date.now;
  /** The last one is in use; one before it may still be on its way in a request, and lives on for a few minutes. */
  let minted: { token: string; endsAt: number }[] = [];
  let minting: Promise<string> | null = null;
  async function mint(): Promise<string> {
    const { data } = await app.write<unknown>("POST /app/installations/{installation_id}/access_tokens", {
      installation_id: spec.installationId,
      ...(spec.repositoryId === undefined ? {} : { repository_ids: [spec.repositoryId] }),
      ...(spec.repository === undefined ? {} : { repositories: [spec.repository] }),
      ...(spec.permissions ? { permissions: spec.permissions } : {}),
    });
    const { token, expires_at } = Minted.parse(data);
    minted = [...minted.filter(({ endsAt }) => now() < endsAt), { token, endsAt: Date.parse(expires_at) }];
    return token;
  }
  return {
    token: async (fresh) => {
      const current = minted.at(-1);
      if (!fresh && current && now() < current.endsAt - renewBeforeMs) return current.token;
      minting ??= mint().finally(() => {
        minting = null;
      });
      return minting;
    },
    revoke: async () => {
      const ended = minted;
      minted = [];
      for (const { token } of ended)
        await options
          .revokeWith(token)
          .write("DELETE /installation/token")
          .catch((error: unknown) => {
            if (statusOf(error) !== 401) throw error;
          });
    },
  };
}

/** Id of the App's installation on a repository: the App may act only where it is installed. */
export async function fetchInstallationId(
  app: GitHub,
  repository: { owner: string; repo: string },
): Promise<number | null> {
  const found = await app.find<{ id?: unknown }>("/repos/{owner}/{repo}/installation", repository);
  return typeof found?.id === "number" ? found.id : null;
}

function readKey(privateKey: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(privateKey.replaceAll("\\n", "\n"));
  } catch (cause) {
    throw new ConfigError("the App's private key cannot be read", {
      hint: "Give the whole PEM file, with its BEGIN and END lines.",
      cause,
    });
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
