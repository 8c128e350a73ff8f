import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWorkspace, prepareLayer } from "../../src/sandbox/layer.ts";
import { decideLayerFit, planRenewal } from "../../src/sandbox/manifests.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import { skipWalls, testWalls } from "./support.ts";

describe("whether a layer still fits", () => {
  const base = [
    { path: "package.json", sha: "1" },
    { path: "src/a.ts", sha: "2" },
    { path: "packages/b/package-lock.json", sha: "3" },
  ];
  test("it fits while manifests and lockfiles are the base's", () => {
    expect(decideLayerFit(base, [...base.slice(0, 1), { path: "src/a.ts", sha: "9" }, base[2]!])).toEqual({
      kind: "fits",
    });
  });
  test.each([
    ["changed", base.map((file) => (file.path === "package.json" ? { ...file, sha: "9" } : file)), "package.json"],
    ["removed", base.slice(0, 2), "packages/b/package-lock.json"],
    ["added", [...base, { path: "requirements-dev.txt", sha: "4" }], "requirements-dev.txt"],
  ])("it is stale when a manifest is %s", (_what, tree, path) => {
    expect(decideLayerFit(base, tree)).toMatchObject({ kind: "stale", paths: [path] });
  });

  test("a renewal fetches with scripts off and builds without network; what cannot be split gets no network", () => {
    expect(
      planRenewal(["npm ci", "npm ci && curl evil", "make deps"]).map(({ command, hasNetwork }) => [
        command,
        hasNetwork,
      ]),
    ).toEqual([
      ["npm ci --ignore-scripts", true],
      ["npm rebuild --offline", false],
      ["npm ci && curl evil", false],
      ["make deps", false],
    ]);
  });
});

/** A registry with one package, as npm speaks to it. */
function startRegistry(): Promise<{ url: string; asked: string[]; close(): void }> {
  const dir = mkdtempSync(join(tmpdir(), "baton-registry-"));
  mkdirSync(join(dir, "package"));
  writeFileSync(
    join(dir, "package/package.json"),
    JSON.stringify({
      name: "tiny",
      version: "1.0.0",
      scripts: { install: "node -e \"require('fs').writeFileSync('built.txt', Object.keys(process.env).join(' '))\"" },
    }),
  );
  writeFileSync(join(dir, "package/index.js"), "module.exports = 42;\n");
  execFileSync("tar", ["-czf", "tiny.tgz", "package"], { cwd: dir });
  const tarball = readFileSync(join(dir, "tiny.tgz"));
  rmSync(dir, { recursive: true });
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const { port } = server.address() as { port: number };
    if (request.url === "/tiny") {
      const dist = { tarball: `http://127.0.0.1:${port}/tiny/-/tiny-1.0.0.tgz` };
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({
          name: "tiny",
          "dist-tags": { latest: "1.0.0" },
          versions: { "1.0.0": { name: "tiny", version: "1.0.0", hasInstallScript: true, dist } },
        }),
      );
    } else if (request.url?.endsWith(".tgz")) response.end(tarball);
    else {
      response.statusCode = 404;
      response.end();
    }
  });
  return new Promise((done) =>
    server.listen(0, "127.0.0.1", () =>
      done({
        url: `http://127.0.0.1:${(server.address() as { port: number }).port}/`,
        asked,
        close: () => server.close(),
      }),
    ),
  );
}

describe.skipIf(skipWalls)("set-up and workspaces", () => {
  const dir = skipWalls ? "" : mkdtempSync(join(tmpdir(), "baton-layer-"));
  const walls = testWalls!;
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => {
    registry.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const checkout = async (to: string): Promise<void> => {
    mkdirSync(join(to, "src"), { recursive: true });
    writeFileSync(
      join(to, "package.json"),
      JSON.stringify({ name: "x", version: "1.0.0", dependencies: { tiny: "1.0.0" } }),
    );
    writeFileSync(join(to, "src/a.js"), "a\n");
  };
  const tracked = new Set(["package.json", "src/a.js"]);

  test("npm installs through the proxy from the configured registry; other hosts are blocked and told; the layer is untracked files and HOME", {
    timeout: 400_000,
  }, async () => {
    const prepared = await prepareLayer({
      walls,
      dir: join(dir, "layer"),
      checkout,
      commands: [
        "npm install --no-package-lock",
        "curl -s http://evil.example/; echo kept > ~/note; echo new > src/generated.js",
      ],
      network: ["npm"],
      registries: { npm: registry.url },
      tracked,
    });
    expect(prepared.commands.map(({ exit, tail }) => (exit === 0 ? 0 : tail))).toEqual([0, 0]);
    expect(prepared.ok).toBe(true);
    expect(prepared.blockedHosts).toEqual(["evil.example:80 (not on the allow-list)"]);
    expect(registry.asked.some((url) => url.endsWith(".tgz"))).toBe(true);
    const files = prepared.layer.filesDir;
    expect(existsSync(join(files, "package.json"))).toBe(false);
    expect(existsSync(join(files, "src/a.js"))).toBe(false);
    expect(readFileSync(join(files, "src/generated.js"), "utf8")).toBe("new\n");
    expect(readFileSync(join(files, "node_modules/tiny/index.js"), "utf8")).toContain("42");

    const first = await openWorkspace({ walls, dir: join(dir, "one"), layer: prepared.layer, checkout });
    const outputsDir = join(dir, "outputs");
    mkdirSync(outputsDir);
    await using sandbox = await createSandbox({
      walls,
      workDir: first.workDir,
      homeDir: first.homeDir,
      outputsDir,
      network: null,
    });
    const result = await sandbox.exec(
      "cat src/a.js ~/note; echo poison > node_modules/tiny/index.js; echo poison > ~/note; rm -rf src/generated.js; echo $?",
      { timeoutMs: 60_000 },
    );
    expect(result.whole).toBe("a\nkept\n0\n");
    const second = await openWorkspace({ walls, dir: join(dir, "two"), layer: prepared.layer, checkout });
    expect(readFileSync(join(second.workDir, "node_modules/tiny/index.js"), "utf8")).toContain("42");
    expect(readFileSync(join(second.homeDir, "note"), "utf8")).toBe("kept\n");
    expect(readFileSync(join(second.workDir, "src/generated.js"), "utf8")).toBe("new\n");
  });

  test("a failing command ends set-up, with its exit and last words", { timeout: 400_000 }, async () => {
    const prepared = await prepareLayer({
      walls,
      dir: join(dir, "failing"),
      checkout,
      commands: ["echo no luck; exit 3", "echo never"],
      network: [],
      tracked,
    });
    expect(prepared).toMatchObject({
      ok: false,
      commands: [{ command: "echo no luck; exit 3", exit: 3, tail: "no luck\n" }],
    });
  });

  test("a link that set-up puts in the place of a tracked directory leads nowhere when the layer is cleaned", {
    timeout: 400_000,
  }, async () => {
    const outside = join(dir, "precious");
    mkdirSync(outside);
    writeFileSync(join(outside, "a.js"), "precious\n");
    const prepared = await prepareLayer({
      walls,
      dir: join(dir, "linked"),
      checkout,
      commands: [`rm -rf src; ln -s ${outside} src`],
      network: [],
      tracked,
    });
    expect(prepared.ok).toBe(true);
    expect(readFileSync(join(outside, "a.js"), "utf8")).toBe("precious\n");
    expect(readdirSync(prepared.layer.filesDir)).toEqual([]);
  });

  test("the environment of set-up holds no credential of a registry address", { timeout: 400_000 }, async () => {
    const prepared = await prepareLayer({
      walls,
      dir: join(dir, "creds"),
      checkout,
      commands: ["env"],
      network: ["npm"],
      registries: { npm: "https://user:canary@packages.example/" },
      tracked,
    });
    expect(prepared.commands[0]!.tail).toContain("npm_config_registry=https://packages.example/");
    expect(prepared.commands[0]!.tail).not.toContain("canary");
  });

  test("links in a layer are copied as links", { timeout: 400_000 }, async () => {
    const layer = { filesDir: join(dir, "hand/files"), homeDir: join(dir, "hand/home") };
    mkdirSync(layer.filesDir, { recursive: true });
    mkdirSync(layer.homeDir, { recursive: true });
    symlinkSync("/etc/passwd", join(layer.filesDir, "link"));
    const opened = await openWorkspace({ walls, dir: join(dir, "three"), layer, checkout });
    expect(execFileSync("readlink", [join(opened.workDir, "link")], { encoding: "utf8" })).toBe("/etc/passwd\n");
  });
});
