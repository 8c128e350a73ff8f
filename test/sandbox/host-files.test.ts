import { execFileSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findSettingFiles } from "../../src/sandbox/host.ts";
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
    for (const folder of ["bin", "lib/node_modules", "etc"]) mkdirSync(join(prefix, folder), { recursive: true });
    writeFileSync(join(prefix, "etc/npmrc"), "//registry.example/:_authToken=canary-token\n");
    writeFileSync(join(prefix, "bin/tool"), "#!/bin/sh\necho the tool runs\n", { mode: 0o755 });
    return prefix;
  };

  test("a tool's prefix is shown, and the token in its settings is not", async () => {
    const prefix = makePrefix("node-1");
    expect(findSettingFiles([prefix])).toContain(join(prefix, "etc/npmrc"));
    await using box = await openBox({ path: `${prefix}/bin` });
    expect(await box.sh(`tool; cat ${prefix}/etc/npmrc; grep -rs canary-token ${prefix}; echo end`)).toBe(
      "the tool runs\nend\n",
    );
  });

  test("a tool in a masked folder, or one whose folder holds a masked one, is not shown at all", async () => {
    const inside = makePrefix("temp/node-2");
    const above = makePrefix("node-3");
    mkdirSync(join(above, "work"));
    const mask = [join(dir, "temp"), join(above, "work")];
    await using box = await openBox({ path: `${inside}/bin:${above}/bin`, mask });
    expect(await box.sh(`ls ${dir} 2>&1; command -v tool || echo none`)).toMatch(/No such file[\s\S]*none\n$/);
  });

  test("a masked folder below a system folder is empty inside", () => {
    const spec = { ...{ toolDirs: [], emptied: ["/opt/x/etc/npmrc", "/home/u/etc/npmrc"], emptyFile: "/nothing" } };
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
