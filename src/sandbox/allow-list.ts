import { isIP } from "node:net";

/** Hosts of an ecosystem where the client of this host is not configured otherwise. */
const ecosystems: Readonly<Record<string, readonly string[]>> = {
  npm: ["registry.npmjs.org"],
  yarn: ["registry.yarnpkg.com", "repo.yarnpkg.com", "registry.npmjs.org"],
  pip: ["pypi.org", "files.pythonhosted.org"],
  cargo: ["index.crates.io", "static.crates.io"],
  go: ["proxy.golang.org", "sum.golang.org"],
  gem: ["rubygems.org", "index.rubygems.org"],
  maven: ["repo.maven.apache.org", "repo1.maven.org"],
  gradle: ["plugins.gradle.org", "services.gradle.org", "plugins-artifacts.gradle.org", "repo.maven.apache.org"],
  nuget: ["api.nuget.org"],
  composer: ["repo.packagist.org"],
  hex: ["repo.hex.pm", "builds.hex.pm"],
  debian: ["deb.debian.org", "security.debian.org"],
  ubuntu: ["archive.ubuntu.com", "security.ubuntu.com", "azure.archive.ubuntu.com"],
  "node-headers": ["nodejs.org"],
};

/** What people call a registry instead of its client. */
const otherNames: Readonly<Record<string, string>> = { pypi: "pip", rubygems: "gem", packagist: "composer" };

/** Names that `network` takes in place of hosts. */
export const ecosystemNames: readonly string[] = [...Object.keys(ecosystems), ...Object.keys(otherNames)];

/** Whether an entry of a policy's `network` names an ecosystem's registry and not a host. */
export function isEcosystem(entry: string): boolean {
  return ecosystemNames.includes(entry);
}

/** Registries that the clients of this host are configured to use: public facts, never their credentials. */
export interface Registries {
  /** `npm config get registry`. */
  npm?: string;
  /** `pip config get global.index-url`. */
  pip?: string;
}

/** One host that may be asked. A port of null stands for 80 and 443. */
export interface AllowedHost {
  host: string;
  port: number | null;
  /** The policy named an address or this very host, so that it may lie in a private network. */
  literal: boolean;
}

function hostOf(url: string): { host: string; port: number | null } | null {
  try {
    const parsed = new URL(url);
    return { host: normaliseHost(parsed.hostname), port: parsed.port === "" ? null : Number(parsed.port) };
  } catch {
    return null;
  }
}

/** Lower case, without brackets and final dot. */
export function normaliseHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
}

/** Names and ecosystems of a policy as hosts. An ecosystem means the registry that its client is configured to use. */
export function readAllowList(allow: readonly string[], registries: Registries = {}): AllowedHost[] {
  return allow.flatMap((given): AllowedHost[] => {
    const entry = Object.hasOwn(otherNames, given) ? otherNames[given]! : given;
    const configured = entry === "npm" ? registries.npm : entry === "pip" ? registries.pip : undefined;
    const own = configured === undefined ? null : hostOf(configured);
    // the host's own configuration named it, as plainly as the policy could
    if (own) return [{ ...own, literal: true }];
    const known = Object.hasOwn(ecosystems, entry) ? ecosystems[entry] : undefined;
    if (known) return known.map((host) => ({ host, port: null, literal: false }));
    const [, host = entry, port] = /^(.*?|\[.*\])(?::(\d+))?$/.exec(entry) ?? [];
    const isBareIpv6 = isIP(entry) === 6;
    return [
      {
        host: normaliseHost(isBareIpv6 ? entry : host),
        port: isBareIpv6 || port === undefined ? null : Number(port),
        literal: true,
      },
    ];
  });
}

/** The entry that allows a host and port, or null. `*.example.org` allows every name below it, never a private address. */
export function findAllowed(list: readonly AllowedHost[], host: string, port: number): AllowedHost | null {
  const name = normaliseHost(host);
  for (const entry of list) {
    if (entry.port === null ? port !== 443 && port !== 80 : port !== entry.port) continue;
    if (entry.host === name) return entry;
    if (entry.host.startsWith("*.") && name.endsWith(entry.host.slice(1)) && isIP(name) === 0)
      return { ...entry, literal: false };
  }
  return null;
}
