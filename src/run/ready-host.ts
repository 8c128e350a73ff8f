import { prepareHost } from "../sandbox/prepare-host.ts";

/** Makes a GitHub-hosted runner ready for the walls; a machine that is somebody's own is left as it is. */
export async function readyHost(
  env: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
): Promise<void> {
  await prepareHost({ isDisposable: env.RUNNER_ENVIRONMENT === "github-hosted", say });
}
