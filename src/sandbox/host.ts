import { existsSync, lstatSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const programDirs = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];

/** Absolute path of a system program, or null; the caller's PATH is never asked. */
export function findProgram(name: string): string | null {
  for (const dir of programDirs) {
    const path = join(dir, name);
    if (existsSync(path)) return path;
  }
  return null;
}

/** A piece of the host that can be shown inside: a directory or file (read-only) or a symbolic link as it is. */
export type HostPiece = { kind: "bind"; path: string } | { kind: "link"; path: string; target: string };

/** Parts of /etc that programs need and that hold no secret; the rest of /etc does not exist inside. */
const etcPieces = [
  "R",
  "alternatives",
  "ca-certificates",
  "ca-certificates.conf",
  "crypto-policies",
  "debian_version",
  "dotnet",
  "fonts",
  "gai.conf",
  "host.conf",
  "inputrc",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "locale.alias",
  "localtime",
  "lsb-release",
  "magic",
  "magic.mime",
  "mime.types",
  "networks",
  "nim",
  "os-release",
  "pki/tls/certs",
  "pki/tls/cert.pem",
  "pki/tls/openssl.cnf",
  "pki/ca-trust",
  "profile.d/maven.sh",
  "protocols",
  "python3",
  "rpc",
  "services",
  "ssl/certs",
  "ssl/openssl.cnf",
  "terminfo",
  "timezone",
];
const etcPatterns = [/^java-\d+(-openjdk)?$/, /^python3\.\d+$/, /^php$/, /^perl$/];

/** R's settings of the site, which may hold the token of a registry or of GitHub. */
const settingsOfR = ["Renviron.site", "Rprofile.site"];
/** Settings of package managers in system folders, which may hold the token of a registry; below an install prefix. */
const settingFiles = [
  ...["etc/npmrc", "etc/pip.conf", "pip.conf", "lib/node_modules/npm/npmrc", "etc/yarnrc"],
  ...settingsOfR.map((name) => `lib/R/etc/${name}`),
];

/** Such files below the prefixes of the system and of the tools that are shown: an empty file stands in their place. */
export function findSettingFiles(toolDirs: readonly string[]): string[] {
  const cached = ["/opt/hostedtoolcache/node", "/opt/hostedtoolcache/Python"].flatMap((dir) =>
    namesIn(dir).flatMap((version) => namesIn(join(dir, version)).map((kind) => join(dir, version, kind))),
  );
  const others = toolDirs.flatMap((dir) => [
    dirname(dir),
    ...namesIn(join(dir, "versions")).map((name) => join(dir, "versions", name)),
  ]);
  const optional = ["/opt", "/opt/R"].flatMap((dir) => namesIn(dir).map((name) => join(dir, name)));
  const prefixes = ["/usr", "/usr/local", ...optional, ...cached, ...others];
  const found = prefixes.flatMap((prefix) => settingFiles.map((file) => join(prefix, file)));
  return [...found, ...settingsOfR.map((name) => join("/etc/R", name))].filter(isPlainFile);
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function isPlainFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Names in a directory that show it is a runner's own: its credentials and work folders are never shown. */
const runnerMarks = [".runner", ".credentials", ".credentials_rsaparams", "_work", "run.sh", "svc.sh"];

function pieceAt(path: string): HostPiece | null {
  try {
    const stat = lstatSync(path);
    if (stat.isSymbolicLink() && dirname(path) === "/") return { kind: "link", path, target: readlinkSync(path) };
    return statSync(path) ? { kind: "bind", path } : null;
  } catch {
    return null;
  }
}

function optPieces(): string[] {
  try {
    return readdirSync("/opt", { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !runnerMarks.some((mark) => existsSync(join("/opt", entry.name, mark))))
      .map((entry) => join("/opt", entry.name));
  } catch {
    return [];
  }
}

function etcPaths(): string[] {
  let more: string[] = [];
  try {
    more = readdirSync("/etc").filter((name) => etcPatterns.some((pattern) => pattern.test(name)));
  } catch {
    // a host without /etc shows nothing of it
  }
  return [...etcPieces, ...more].map((name) => join("/etc", name));
}

/** Everything of the host that exists inside, read-only: an allow-list, so that what is not named here cannot be seen. */
export function findHostPieces(): HostPiece[] {
  const top = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
  return [...top, ...etcPaths(), ...optPieces()].map(pieceAt).filter((piece) => piece !== null);
}
