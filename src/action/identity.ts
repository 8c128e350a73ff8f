import { ConfigError } from "../domain/errors.ts";
import { createAppGitHub, createInstallationTokens, fetchInstallationId, runPermissions } from "../github/app-token.ts";
import { createGitHub, type GitHub, type TokenSource } from "../github/client.ts";
import type { Door } from "./door.ts";

/** Account id of `github-actions[bot]` on github.com (docs: automatic token authentication). */
const actionsBotId = 41_898_282;

/** With which identity a job writes; all writes of a run use one. */
export interface Identity extends AsyncDisposable {
  github: GitHub;
  token: TokenSource;
  appId: number;
  logins: string[];
  ids: number[];
  /** The pushes of this identity start other workflows. */
  startsWorkflows: boolean;
}

/** Opens the job's identity: an installation token of the owner's own App where it is configured, else the job's token. */
export async function openIdentity(door: Door, signal: AbortSignal): Promise<Identity> {
  const { inputs, apiUrl, repository } = door;
  const options = { baseUrl: apiUrl, signal };
  if (inputs.app_id && inputs.app_private_key) {
    const app = createAppGitHub({ appId: inputs.app_id, privateKey: inputs.app_private_key }, options);
    const installationId = await fetchInstallationId(app, repository);
    if (installationId === null) {
      throw new ConfigError(`The App ${inputs.app_id} is not installed on ${repository.owner}/${repository.repo}.`, {
        hint: "Install it there, or remove `app_id` and `app_private_key` from the workflow to work with the job's own token.",
      });
    }
    const { slug, id } = (await app.get<{ slug: string; id: number }>("/app")).data;
    const tokens = createInstallationTokens(
      app,
      { installationId, repository: repository.repo, permissions: { ...runPermissions } },
      { revokeWith: (token) => createGitHub({ ...options, token: async () => token }) },
    );
    const github = createGitHub({ ...options, token: tokens.token });
    const account = await github.find<{ id: number }>("/users/{username}", { username: `${slug}[bot]` });
    return {
      github,
      token: tokens.token,
      appId: id,
      logins: [`${slug}[bot]`, "github-actions[bot]"],
      ids: [actionsBotId, ...(account ? [account.id] : [])],
      startsWorkflows: true,
      [Symbol.asyncDispose]: () => tokens.revoke().catch(() => {}),
    };
  }
  const token = inputs.github_token;
  if (!token) {
    throw new ConfigError("The input `github_token` is empty.", {
      hint: "Remove it from the workflow: its default is the job's own token.",
    });
  }
  const source: TokenSource = async () => token;
  const github = createGitHub({ ...options, token: source });
  const account = await github
    .find<{ id: number }>("/users/{username}", { username: "github-actions[bot]" })
    .catch(() => null);
  return {
    github,
    token: source,
    appId: 0,
    logins: ["github-actions[bot]"],
    ids: [actionsBotId, ...(account ? [account.id] : [])],
    startsWorkflows: false,
    [Symbol.asyncDispose]: async () => {},
  };
}
