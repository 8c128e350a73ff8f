import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Registries } from "../sandbox/allow-list.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Package registries that this host's clients are configured to use: public addresses, credentials left behind. */
export async function readRegistries(env: Env): Promise<Registries> {
  const npm =
    env.npm_config_registry ??
    env.NPM_CONFIG_REGISTRY ??
    (await readSetting(npmFiles(env), /^\s*registry\s*=\s*(\S+)/m));
  const pip = env.PIP_INDEX_URL ?? (await readSetting(pipFiles(env), /^\s*index-url\s*=\s*(\S+)/m));
  return { ...(npm ? { npm } : {}), ...(pip ? { pip } : {}) };
}

/** The certificate bundle that this host's clients were told to trust, if any. */
export function readCaFile(env: Env): string | undefined {
  const names = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];
  return names.map((name) => env[name]).find((path) => Boolean(path));
}

function npmFiles(env: Env): string[] {
  return [
    env.npm_config_userconfig ?? join(homedir(), ".npmrc"),
    env.npm_config_globalconfig ?? "/usr/local/etc/npmrc",
    "/etc/npmrc",
  ];
}

function pipFiles(env: Env): string[] {
  return [
    env.PIP_CONFIG_FILE ?? join(homedir(), ".config/pip/pip.conf"),
    join(homedir(), ".pip/pip.conf"),
    "/etc/pip.conf",
  ];
}

async function readSetting(files: readonly string[], pattern: RegExp): Promise<string | null> {
  for (const file of files) {
    const found = pattern.exec(await readFile(file, "utf8").catch(() => ""));
    if (found?.[1]) return found[1];
  }
  return null;
}
