import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SandboxError } from "../domain/errors.ts";
import { findSettingFiles } from "./host.ts";
import { findHostTools, isOfSystem } from "./host-tools.ts";
import { helperEntry, type Mount, planMounts } from "./mounts.ts";
import { isWithin, places, proxyPort } from "./places.ts";
import { Stage } from "./reach.ts";
import type { SandboxSpec } from "./sandbox.ts";

const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Where set-up puts programs of its own; last, so that nothing in HOME takes the place of a program of the host. */
const homePrograms = [`${places.home}/.local/bin`, `${places.home}/.venv/bin`];

/** The whole environment of a command: at most ten names, none of them the host's. */
export function commandEnv(path: string, hasNetwork: boolean): Record<string, string> {
  const proxy = `http://127.0.0.1:${proxyPort}`;
  return {
    PATH: path,
    HOME: places.home,
    LANG: "C.UTF-8",
    CI: "1",
    TERM: "dumb",
    PAGER: "cat",
    GIT_TERMINAL_PROMPT: "0",
    ...(hasNetwork ? { http_proxy: proxy, https_proxy: proxy } : {}),
  };
}

/** The helper's code: its folder when run from source, one bundled file beside this one otherwise. */
function helperPath(): string {
  const here = fileURLToPath(import.meta.url);
  return here.endsWith(".ts") ? join(dirname(here), "inside") : join(dirname(here), "file-server.mjs");
}

const etcFiles: Readonly<Record<string, string>> = {
  passwd: "root:x:0:0:root:/root:/usr/sbin/nologin\nbaton:x:65534:65534:baton:/home/baton:/bin/bash\n",
  group: "root:x:0:\nbaton:x:65534:\n",
  hosts: "127.0.0.1 localhost baton\n::1 localhost\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
  hostname: "baton\n",
};

const systemCertificates = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
  "/etc/ssl/ca-bundle.pem",
];

/** The system's certificates and the host's own as one file, since most clients take one in place of the other; null without own ones. */
function prepareCertificates(spec: SandboxSpec, etcDir: string): string | null {
  if (!spec.network || !spec.caFile || !existsSync(spec.caFile)) return null;
  const system = systemCertificates.find((path) => existsSync(path));
  const bundles = [...new Set([...(system ? [system] : []), spec.caFile])].map((path) => readFileSync(path, "utf8"));
  const name = basename(places.certificates);
  writeFileSync(join(etcDir, name), bundles.join("\n"), { mode: 0o644 });
  return name;
}

/** How each client is told of a bundle of certificates. */
function certificateEnv(): Record<string, string> {
  const names = ["NODE_EXTRA_CA_CERTS", "npm_config_cafile", "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"];
  const more = ["CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "CARGO_HTTP_CAINFO"];
  return Object.fromEntries([...names, ...more].map((name) => [name, places.certificates]));
}

/** Stands in the place of files that must not be read. */
const emptyFile = "nothing";

function prepareEtc(scratchDir: string): string {
  const dir = join(scratchDir, "etc");
  mkdirSync(dir, { mode: 0o755 });
  writeFileSync(join(dir, emptyFile), "", { mode: 0o644 });
  for (const [name, text] of Object.entries(etcFiles)) writeFileSync(join(dir, name), text, { mode: 0o644 });
  return dir;
}

/** What is the same for every start in one sandbox: its root, how to get there, and the programs that Baton runs in it. */
export async function describeParts(
  spec: SandboxSpec,
  scratchDir: string,
  tmpDir: string,
): Promise<{
  /** Variables of every command in this sandbox, besides those that all sandboxes have. */
  env: Record<string, string>;
  mounts: Mount[];
  helperEntry: string;
  prefix: string[];
  roots: string;
  socketName: string;
  path: string;
  close(): void;
}> {
  const drops = spec.walls.uid !== null;
  const stage = drops ? new Stage(scratchDir, spec.walls.first) : null;
  const at = (path: string): string => stage?.at(path) ?? path;
  const source = helperPath();
  if (!existsSync(source)) throw new SandboxError(`the helper ${source} is missing`, { hint: "Run `npm run build`." });
  const masked = spec.mask ?? [];
  const tools = findHostTools(spec.path ?? "", homedir());
  const toolDirs = tools.dirs.filter((dir) => !masked.some((path) => isWithin(dir, path) || isWithin(path, dir)));
  const shownPath = [
    ...(spec.path ?? "").split(":").filter((entry) => isShown(entry, toolDirs)),
    ...systemPath.split(":"),
  ];
  const etcDir = prepareEtc(scratchDir);
  const certificates = prepareCertificates(spec, etcDir);
  const mounts = planMounts({
    host: spec.walls.host,
    tools: toolDirs.map((dir) => ({ from: at(dir), to: dir })),
    mask: [homedir(), ...masked].filter((dir) => existsSync(dir)),
    emptied: findSettingFiles(toolDirs),
    workDir: at(spec.workDir),
    homeDir: at(spec.homeDir),
    outputsDir: at(spec.outputsDir),
    tmpDir: at(tmpDir),
    etcDir,
    etcFiles: [...Object.keys(etcFiles), ...(certificates ? [certificates] : [])],
    emptyFile: join(etcDir, emptyFile),
    node: at(process.execPath),
    helper: at(source),
    isBundled: source.endsWith(".mjs"),
    proxyDir: spec.network ? at(dirname(spec.network.socketPath)) : null,
  });
  await stage?.open();
  const roots = { workspace: places.workspace, home: places.home, outputs: places.outputs, tmp: places.tmp };
  return {
    mounts,
    helperEntry: helperEntry(source.endsWith(".mjs")),
    prefix: [...(stage?.prefix() ?? []), ...spec.walls.prefix],
    roots: JSON.stringify(roots),
    socketName: spec.network ? spec.network.socketPath.slice(dirname(spec.network.socketPath).length + 1) : "",
    path: [...new Set([...shownPath, ...homePrograms])].join(":"),
    env: { ...tools.env, ...(certificates ? certificateEnv() : {}) },
    close: () => stage?.close(),
  };
}

function isShown(entry: string, toolDirs: readonly string[]): boolean {
  return isOfSystem(entry) || toolDirs.some((dir) => isWithin(entry, dir));
}
