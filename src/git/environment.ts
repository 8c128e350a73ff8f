import { ConfigError } from "../domain/errors.ts";

/** Where git may be found: fixed, so that nothing a checkout or a tool installs can stand in for it. */
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin";

/** Variables of the host that a network call of git may see: proxies and certificate stores, never credentials. */
const passedOn = [
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  "https_proxy",
  "http_proxy",
  "no_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

/** The environment of each git process, built from nothing. `config` travels as `GIT_CONFIG_*`, so never in argv. */
export function gitEnvironment(options: {
  globalConfig?: string;
  config?: [key: string, value: string][];
  host?: Readonly<Record<string, string | undefined>>;
}): Record<string, string> {
  const env: Record<string, string> = {
    PATH: searchPath,
    HOME: "/nonexistent",
    XDG_CONFIG_HOME: "/nonexistent",
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_CONFIG_GLOBAL: options.globalConfig ?? "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_LITERAL_PATHSPECS: "1",
    GIT_ALLOW_PROTOCOL: "file:http:https:ssh",
  };
  for (const name of passedOn) {
    const value = options.host?.[name];
    if (value) env[name] = value;
  }
  const config = options.config ?? [];
  if (config.length > 0) env.GIT_CONFIG_COUNT = String(config.length);
  for (const [index, [key, value]] of config.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}

/** The configuration that carries a token to the remote's own origin only. */
export function readTokenConfig(url: string, token: string): [string, string][] {
  if (!/^https?:\/\//.test(url)) return [];
  const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
  return [[`http.${new URL(url).origin}/.extraHeader`, `Authorization: Basic ${basic}`]];
}

/** Refuses a remote that is not plain http(s), ssh, file or an absolute path: others (`ext::`) run commands. */
export function readRemoteUrl(url: string): string {
  const known = /^(https?|ssh|file):\/\/[^\s-]/.test(url) || url.startsWith("/");
  if (known && !/[\n\r\0]/.test(url)) return url;
  throw new ConfigError(`The git remote ${JSON.stringify(url)} cannot be used.`, {
    hint: "Use an http(s), ssh or file URL, or an absolute path.",
  });
}
