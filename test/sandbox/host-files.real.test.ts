import { execFileSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findSettingFiles } from "../../src/sandbox/host.ts";
import { findHostTools } from "../../src/sandbox/host-tools.ts";
import { planMounts } from "../../src/sandbox/mounts.ts";
import { startProxy } from "../../src/sandbox/proxy.ts";
import { openBox, skipWalls } from "./support.ts";

function isWritable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(skipWalls)("what of the host is shown inside", () => {
  // Not below /tmp, where the walls have a place of their own.
  const base = ["/srv", join(import.meta.dirname, "../../node_modules")].find(isWritable)!;
  const dir = mkdtempSync(join(base, "baton-host-"));
  execFileSync("chmod", ["755", dir]);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** An install prefix as a version manager makes it, with the settings of its npm. */
  const makePrefix = (name: string): string => {
    const prefix = join(dir, name);
    for (const folder of ["bin", "lib/node_modules/npm", "lib/R/etc", "etc"])
      mkdirSync(join(prefix, folder), { recursive: true });
    for (const settings of ["etc/npmrc", "lib/node_modules/npm/npmrc", "lib/R/etc/Renviron.site"])
      writeFileSync(join(prefix, settings), "//registry.example/:_authToken=canary-token\n");
    writeFileSync(join(prefix, "bin/tool"), "#!/bin/sh\necho the tool runs\n", { mode: 0o755 });
    return prefix;
  };

  test("a tool's prefix is shown, and the token in its settings is not", async () => {
    const prefix = makePrefix("node-1");
    const settings = "lib/node_modules/npm/npmrc";
    expect(findSettingFiles([join(prefix, "lib")])).toContain(join(prefix, settings));
    await using box = await openBox({ path: `${prefix}/bin` });
    expect(await box.sh(`tool; cat ${prefix}/${settings}; grep -rs canary-token ${prefix}; ls ${prefix}`)).toBe(
      "the tool runs\nbin\nlib\n",
    );
  });

  test("a tool in a masked folder is not shown at all; of one beside a masked folder only its installation", async () => {
    const inside = makePrefix("temp/node-2");
    await using box = await openBox({ path: `${inside}/bin`, mask: [join(dir, "temp")] });
    expect(await box.sh(`ls ${dir} 2>&1; command -v tool || echo none`)).toMatch(/No such file[\s\S]*none\n$/);
    const beside = makePrefix("node-3");
    for (const folder of ["work", "share"]) mkdirSync(join(beside, folder));
    await using other = await openBox({ path: `${beside}/bin`, mask: [join(beside, "work")] });
    expect(await other.sh(`tool; ls ${beside}`)).toBe("the tool runs\nbin\nlib\n");
  });

  test("a manager with shims is shown whole; rustup's home too, and is told to its proxies", async () => {
    const script = (text: string) => `#!/bin/sh\n${text}\n`;
    const make = (path: string, text: string) => {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text, { mode: 0o755 });
    };
    make("home/.pyenv/libexec/pyenv", script("echo pyenv starts $1"));
    make("home/.pyenv/versions/3.14/bin/python3", script("true"));
    make("home/.pyenv/versions/3.14/pip.conf", "index-url = https://x:canary-token@registry.example");
    make("home/.pyenv/shims/python3", script(`exec ${dir}/home/.pyenv/libexec/pyenv python3`));
    make("home/.cargo/bin/rustup", script("true"));
    make("home/.cargo/bin/cargo", script("exec $RUSTUP_HOME/toolchains/stable/bin/cargo"));
    make("home/.cargo/credentials.toml", "canary-token");
    make("home/.rustup/toolchains/stable/bin/cargo", script("echo cargo of the toolchain"));
    const path = [".pyenv/shims", ".cargo/bin"].map((entry) => join(dir, "home", entry)).join(":");
    expect(findHostTools(path, join(dir, "home")).dirs).toHaveLength(3);
    await using box = await openBox({ path });
    expect(await box.sh(`python3; cargo; grep -rs canary-token ${dir}; ls -A ${dir}/home ${dir}/home/.cargo`)).toBe(
      `pyenv starts python3\ncargo of the toolchain\n${dir}/home:\n.cargo\n.pyenv\n.rustup\n\n${dir}/home/.cargo:\nbin\n`,
    );
  });

  test.skipIf(process.getuid?.() !== 0)("a tool below a folder that is closed to all others is shown too", async () => {
    const prefix = makePrefix("closed/node-4");
    chmodSync(join(dir, "closed"), 0o700);
    await using box = await openBox({ path: `${prefix}/bin` });
    expect(await box.sh("tool")).toBe("the tool runs\n");
  });

  test("a masked folder below a system folder is empty inside", () => {
    const spec = { ...{ tools: [], emptied: ["/opt/x/etc/npmrc", "/home/u/etc/npmrc"], emptyFile: "/nothing" } };
    const places = { ...{ workDir: "/w", homeDir: "/h", outputsDir: "/o", tmpDir: "/t", etcDir: "/e", etcFiles: [] } };
    const mounts = planMounts({
      ...{ ...spec, ...places, host: [{ kind: "bind", path: "/opt" }], mask: ["/opt/runner/_work", "/home/runner"] },
      ...{ node: "/n", helper: "/b", isBundled: true, proxyDir: null },
    });
    const at = (to: string) => mounts.filter((mount) => "to" in mount && mount.to === to);
    expect(at("/opt/runner/_work")).toEqual([expect.objectContaining({ kind: "tmpfs" })]);
    expect(at("/opt/x/etc/npmrc")).toEqual([{ kind: "ro", from: "/nothing", to: "/opt/x/etc/npmrc" }]);
    expect([...at("/home/runner"), ...at("/home/u/etc/npmrc")]).toEqual([]);
  });

  test("certificates of the host's own stand inside beside the system's, told to every client, only where there is a network", async () => {
    const caFile = join(dir, "corporate.pem");
    writeFileSync(caFile, "-----BEGIN CERTIFICATE-----\ncorporate\n-----END CERTIFICATE-----\n", { mode: 0o600 });
    await using proxy = await startProxy({ allow: [] });
    await using box = await openBox({ network: { socketPath: proxy.socketPath }, caFile });
    const out = await box.sh(
      'cat "$NODE_EXTRA_CA_CERTS"; for f in "$SSL_CERT_FILE" "$PIP_CERT" "$npm_config_cafile" "$CURL_CA_BUNDLE"; do echo; echo "told $f"; done',
    );
    expect(out).toContain("corporate");
    expect(out.match(/^told \/etc\/baton-certificates\.pem$/gm)).toHaveLength(4);
    const system = "/etc/ssl/certs/ca-certificates.crt";
    if (existsSync(system)) expect(out).toContain(readFileSync(system, "utf8").slice(0, 500));
    // What stands beside the command must not touch its pipe: more than a pipe holds comes through whole.
    const much = await box.sandbox.exec("yes | head -c 300000; echo $?", { timeoutMs: 60_000 });
    expect(much.outputBytes).toBe(300_002);
    await using closed = await openBox({ caFile });
    expect(await closed.sh("ls /etc/baton-certificates.pem 2>&1; env | grep -c CERT")).toMatch(
      /No such file[\s\S]*0\n$/,
    );
  });
});
