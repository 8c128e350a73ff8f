import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTcp } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findHostTools } from "../../src/sandbox/host-tools.ts";
import { commandEnv } from "../../src/sandbox/parts.ts";
import { acceptWalls, probeWalls, runProbes } from "../../src/sandbox/probe.ts";
import { type Box, openBox, skipWalls, testWalls } from "./support.ts";

/** Walks everything readable under /proc and the file system and prints where a canary is; run inside. */
const scanner = `
const fs = require("fs"), path = require("path");
const parts = JSON.parse(Buffer.from(process.argv[2], "base64").toString());
const needle = Buffer.from(parts.join(""));
let files = 0, bytes = 0; const hits = [];
const self = String(process.pid);
function look(file) {
  let fd; try { fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOFOLLOW); } catch { return; }
  try {
    const buffer = Buffer.alloc(1 << 20); let carry = Buffer.alloc(0), total = 0;
    for (;;) { let n; try { n = fs.readSync(fd, buffer, 0, buffer.length, null); } catch { break; } if (n <= 0) break;
      const now = Buffer.concat([carry, buffer.subarray(0, n)]); if (now.includes(needle)) hits.push(file);
      carry = Buffer.from(now.subarray(Math.max(0, now.length - needle.length))); total += n; bytes += n; if (total > 4e6) break; }
    files += 1;
  } finally { fs.closeSync(fd); }
}
function walk(dir, depth) {
  let entries; try { entries = fs.readdirSync(dir, { withFileTypes: true }); } catch { return; }
  for (const entry of entries) { const full = path.join(dir, entry.name);
    if (entry.isDirectory()) { if (depth > 0 && !(dir === "/proc" && entry.name === self)) walk(full, depth - 1); }
    else if (entry.isFile()) look(full); }
}
const only = process.argv[3];
if (!only) walk("/proc", 4);
for (const dir of only ? [only] : ["/etc", "/home", "/root", "/run", "/var", "/tmp", "/outputs", "/workspace", "/dev/shm", "/mnt", "/srv", "/opt/baton", "/work", "/github", "/sys"]) walk(dir, 8);
for (const fd of fs.readdirSync("/proc/self/fd")) { let t = ""; try { t = fs.readlinkSync("/proc/self/fd/" + fd); } catch {} if (t.includes(needle.toString())) hits.push("fd " + fd); }
console.log(JSON.stringify({ files, bytes, hits, uid: process.getuid() }));
`;

describe.skipIf(skipWalls)("the walls against a model that obeys an attacker", () => {
  let box: Box;
  const canary = randomBytes(24).toString("hex");
  const runnerTemp = mkdtempSync(join(tmpdir(), "baton-runner-temp-"));
  const homeFile = join(homedir(), `.baton-canary-${process.pid}`);
  beforeAll(async () => {
    process.env.BATON_TEST_CANARY = canary;
    writeFileSync(join(runnerTemp, "token"), canary);
    writeFileSync(homeFile, canary);
    box = await openBox({ path: process.env.PATH ?? "" });
  });
  afterAll(async () => {
    delete process.env.BATON_TEST_CANARY;
    rmSync(homeFile, { force: true });
    rmSync(runnerTemp, { recursive: true, force: true });
    await box[Symbol.asyncDispose]();
  });

  test("the probe finds every wall standing", async () => {
    const walls = await probeWalls({ allowDegraded: false, ladder: [testWalls!] });
    expect(walls.kind).toBe(testWalls?.kind);
    expect(walls.layers.length).toBeGreaterThan(4);
  });

  test("only second lines may fail, and only where that is allowed; the report says so", () => {
    const walls = testWalls!;
    expect(() => acceptWalls(walls, ["no nested user namespaces"], false)).toThrow(
      /do not hold: no nested user namespaces/,
    );
    expect(acceptWalls(walls, ["no nested user namespaces"], true)).toMatchObject({
      weaker: expect.arrayContaining(["does not hold here: no nested user namespaces"]),
      description: expect.stringContaining("degraded"),
    });
    for (const holds of [
      "not root",
      "no capabilities",
      "no network",
      "only its own processes",
      "a read-only root",
      "no home of the host",
    ])
      expect(() => acceptWalls(walls, [holds], true), holds).toThrow(/do not hold/);
  });

  test("an older bubblewrap is used without what it does not know, and the probe tells", async () => {
    const old = { ...testWalls!, unsupported: ["--disable-userns"] };
    // the filter of system calls still stands in the way; without it, too, nothing does
    expect(await runProbes(old)).toEqual([]);
    expect(await runProbes(old, (options) => options.filter(({ flag }) => flag !== "--seccomp"))).toEqual([
      "a filter of system calls",
      "no nested user namespaces",
    ]);
  });

  test("the environment is the allow-list exactly, at most ten names", async () => {
    const out = await box.sh("cat /proc/$$/environ | tr '\\0' '\\n' | cut -d= -f1 | sort | tr '\\n' ' '");
    const names = out.trim().split(" ");
    // bubblewrap names the directory that it starts in, and every bash counts its own depth
    // `RUSTUP_HOME`, where the host's PATH leads to rustup.
    const ofTools = Object.keys(findHostTools(process.env.PATH ?? "", homedir()).env);
    expect(names.filter((name) => name !== "PWD" && name !== "SHLVL")).toEqual(
      [...Object.keys(commandEnv("", false)), ...ofTools].sort(),
    );
    expect(Object.keys(commandEnv("", true)).length + 1).toBeLessThanOrEqual(10);
  });

  test("a scanner finds 0 bytes of a secret that lives in our environment, HOME and RUNNER_TEMP", async () => {
    writeFileSync(join(box.workDir, "scan.cjs"), scanner);
    await box.sandbox.adopt();
    // in pieces, so that the scanner does not find its own argument
    const pieces = Buffer.from(JSON.stringify([...canary])).toString("base64");
    for (const run of ["", "unshare -r "]) {
      const out = await box.sh(`${run}/opt/baton/node scan.cjs ${pieces} 2>&1`, 120_000);
      if (run !== "" && /unshare failed/.test(out)) continue;
      const found = JSON.parse(out.trim().split("\n").at(-1)!) as { files: number; hits: string[]; uid: number };
      expect(found.files).toBeGreaterThan(50);
      expect(found.hits).toEqual([]);
      expect(found.uid).toBe(65_534);
    }
  });

  test("the canary is found when it is put inside: the scanner has teeth", async () => {
    writeFileSync(join(box.workDir, "scan.cjs"), scanner);
    writeFileSync(join(box.workDir, "leak.txt"), canary);
    const pieces = Buffer.from(JSON.stringify([...canary])).toString("base64");
    const out = await box.sh(`/opt/baton/node scan.cjs ${pieces} /workspace`, 120_000);
    expect(out).toContain("/workspace/leak.txt");
    rmSync(join(box.workDir, "leak.txt"));
  });

  test("a descriptor that Baton inherited without close-on-exec is not handed in", async () => {
    const script = `
      import { openBox } from ${JSON.stringify(join(import.meta.dirname, "support.ts"))};
      await using box = await openBox();
      process.stdout.write(await box.sh("ls /proc/self/fd | tr '\\n' ' '"));`;
    const child = spawn(
      "/bin/bash",
      [
        "-c",
        'exec 9</etc/hostname 17</etc/hostname; exec "$0" --disable-warning=ExperimentalWarning --input-type=module -e "$1"',
        process.execPath,
        script,
      ],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let out = "";
    for await (const chunk of child.stdout) out += String(chunk);
    // 3 is the directory that ls itself reads
    expect(out.trim()).toBe("0 1 2 3");
  });

  test("there is no way to anything outside: TCP, UDP, DNS, loopback of the host, unix sockets", async () => {
    const asked: string[] = [];
    const http = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end("reached");
    });
    await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
    const { port } = http.address() as { port: number };
    const socketPath = join(runnerTemp, "sock");
    const unix = createTcp(() => asked.push("unix"));
    await new Promise<void>((done) => unix.listen(socketPath, done));
    const abstract = createTcp(() => asked.push("abstract"));
    await new Promise<void>((done) => abstract.listen(`\0baton-${canary.slice(0, 8)}`, done));
    const out = await box.sh(
      [
        `tries=0; up=0`,
        `try() { tries=$((tries+1)); if timeout 5 "$@" >/dev/null 2>&1; then up=$((up+1)); echo "reached: $*"; fi; }`,
        ...[
          "127.0.0.1/PORT",
          "1.1.1.1/53",
          "8.8.8.8/443",
          "169.254.169.254/80",
          "10.255.255.53/53",
          "192.168.0.1/80",
          "203.0.113.80/443",
        ].map((to) => `try bash -c 'exec 3<>/dev/tcp/${to.replace("PORT", String(port))}'`),
        `try bash -c 'echo x > /dev/udp/1.1.1.1/53'`,
        `try getent hosts registry.npmjs.org`,
        `try curl -s -m 4 http://127.0.0.1:${port}/`,
        `try curl -s -m 4 --unix-socket ${socketPath} http://x/`,
        `try curl -s -m 4 --abstract-unix-socket baton-${canary.slice(0, 8)} http://x/`,
        `try curl -s -m 4 --unix-socket /var/run/docker.sock http://x/`,
        `try ping -c1 -W1 1.1.1.1`,
        `echo "tries $tries up $up"; cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' \\n'`,
      ].join("\n"),
      120_000,
    );
    http.close();
    unix.close();
    abstract.close();
    expect(asked).toEqual([]);
    expect(out).toContain("up 0");
    expect(out.trim().endsWith("lo")).toBe(true);
  });

  test("nothing outside the work tree, HOME and /tmp can be written", async () => {
    const places = [
      "/",
      "/usr",
      "/usr/bin",
      "/etc",
      "/bin",
      "/lib",
      "/opt",
      "/opt/baton",
      "/outputs",
      "/dev",
      "/run",
      "/var",
      "/home",
      "/proc",
      "/proc/sys/kernel",
      "/sys",
      "/root",
      "/boot",
      "/srv",
    ];
    const out = await box.sh(
      `for d in ${places.join(" ")}; do if (echo x > $d/baton-write) 2>/dev/null; then echo "wrote $d"; fi; done; (echo x > /etc/passwd) 2>/dev/null && echo passwd; mount -t tmpfs x /mnt 2>/dev/null && echo mounted; chroot / true 2>/dev/null && echo chrooted; mknod /tmp/dev b 8 0 2>/dev/null && echo device; echo end`,
    );
    expect(out).toBe("end\n");
    expect(
      await box.sh(
        "echo a > /workspace/a && echo b > ~/b && echo c > /tmp/c && cat /workspace/a ~/b /tmp/c /dev/shm/none 2>/dev/null; echo d > /dev/shm/d && cat /dev/shm/d",
      ),
    ).toBe("a\nb\nc\nd\n");
  });

  test("privileges cannot be gained", async () => {
    const out = await box.sh(
      "sudo -n true 2>&1; su -c id 2>&1; unshare -r id 2>&1; unshare -Urm id 2>&1; setpriv --reuid 0 id 2>&1; cp /bin/bash /tmp/rb; chmod 4755 /tmp/rb; /tmp/rb -p -c 'id -u'; bwrap --ro-bind / / id -u 2>&1; echo 1 > /proc/sys/user/max_user_namespaces; true",
    );
    expect(out).not.toMatch(/uid=0|^0$/m);
    expect(out).toContain("65534");
  });

  test("only its own processes can be seen", async () => {
    const out = await box.sh("ls -d /proc/[0-9]* | wc -l; cat /proc/[0-9]*/comm | sort -u | tr '\\n' ' '");
    expect(Number(out.split("\n")[0])).toBeLessThan(8);
    expect(out).not.toContain("vitest");
  });

  test("programs of the host work: git, node and a shell pipeline", async () => {
    expect(
      await box.sh(
        "/opt/baton/node -e 'console.log(6*7)'; git init -q r && cd r && git -c user.name=a -c user.email=b@c commit -q --allow-empty -m x && git log --oneline | wc -l; seq 3 | sort -r | head -1",
      ),
    ).toBe("42\n1\n3\n");
  });

  test("a wall that falls is an error and never a silent run", async () => {
    await expect(
      openBox({
        filterOptions: (options) => [
          ...options,
          { guard: "none", flag: "--ro-bind", values: ["/does-not-exist-here", "/x"] },
        ],
      }).then((other) => other.sh("echo ran").finally(() => other[Symbol.asyncDispose]())),
    ).rejects.toThrow(/walls did not stand/);
  });

  test.each([
    ["--unshare-net", "no network"],
    ["--unshare-pid", "only its own processes"],
    ["--seccomp", "a filter of system calls"],
    ["--remount-ro", "a read-only root"],
    ["--uid", "not root"],
  ])("without %s the probe turns red: %s", async (flag, holds) => {
    const failed = await runProbes(testWalls!, (options) =>
      options.filter((option) => option.flag !== flag && !(flag === "--uid" && option.flag === "--gid")),
    ).catch((error: unknown) => [String(error)]);
    expect(failed.join("; ")).toMatch(
      flag === "--uid" ? /not root|uid/ : new RegExp(`${holds}|the walls did not stand`),
    );
  });
});
