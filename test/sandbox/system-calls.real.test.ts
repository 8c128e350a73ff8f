import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { renderCallFilter } from "../../src/sandbox/system-calls.ts";
import { openBox, skipWalls } from "./support.ts";

/** Numbers of the calls that the tests make, by processor: add_key, keyctl, then calls that must fail with EPERM. */
const numbers: Partial<Record<string, { addKey: number; keyctl: number; refused: number[] }>> = {
  x64: { addKey: 248, keyctl: 250, refused: [248, 249, 250, 321, 298, 323, 103, 165, 308, 428, 429] },
  arm64: { addKey: 217, keyctl: 219, refused: [217, 218, 219, 280, 241, 282, 116, 40, 268, 428, 429] },
};
const own = numbers[process.arch];
const skip = skipWalls || (own ? false : "no filter for this processor");

/** Joins a session keyring of its own, puts a key into it, and goes on as the given program. */
const keyHolder = `my ($type, $name, $value) = ("user", "baton-canary", "canary-in-a-keyring");
syscall(${own?.keyctl}, 1, 0) >= 0 or exit 77; syscall(${own?.addKey}, $type, $name, $value, length $value, -3) >= 0 or exit 77;
exec { $ARGV[0] } @ARGV;`;
/** Searches the session keyring and prints what the key holds. */
const keyThief = `my ($type, $name, $room) = ("user", "baton-canary", "\\0" x 64);
my $key = syscall(${own?.keyctl}, 10, -3, $type, $name, 0); syscall(${own?.keyctl}, 11, $key, $room, 64) if $key > 0; print "key $key $room\\n";`;

/** What the thief prints inside walls whose Baton was started by somebody who holds a key; null where keyrings are off. */
async function stealKey(filterOptions: string): Promise<string | null> {
  const script = `
    import { openBox } from ${JSON.stringify(join(import.meta.dirname, "support.ts"))};
    await using box = await openBox({ ${filterOptions} });
    process.stdout.write(await box.sh(${JSON.stringify(`perl -e '${keyThief}'`)}));`;
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
  const child = spawn("perl", ["-e", keyHolder, ...node], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += String(chunk);
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  return code === 77 ? null : out;
}

describe.skipIf(skip)("system calls that no namespace keeps apart", () => {
  test("a key in the keyring of the session that Baton was started in cannot be read; without the filter it can", async () => {
    const open = await stealKey("filterOptions: (options) => options.filter(({ flag }) => flag !== '--seccomp')");
    if (open === null) return;
    expect(open).toContain("canary-in-a-keyring");
    expect(await stealKey("")).toMatch(/^key -1 /);
  });

  test("only UNIX, IP and netlink sockets can be made, and doors to the kernel are shut; threads and programs work", async () => {
    await using box = await openBox();
    const out = await box.sh(
      [
        `perl -e 'my $room = "\\0" x 256; for my $call (${own!.refused.join(",")}) { my $r = syscall($call, $room, $room, 0, 0, 0); print "call $call is ", ($r < 0 && $! == 1 ? "" : "not "), "refused\\n" }'`,
        `perl -MSocket -e 'for (0..45) { print "family $_\\n" if socket(my $s, $_, SOCK_STREAM, 0) || socket($s, $_, SOCK_DGRAM, 0) || socket($s, $_, SOCK_RAW, 0) }'`,
        `perl -MSocket -e 'for (0..22) { print "netlink $_\\n" if socket(my $s, 16, SOCK_RAW, $_) }'`,
        `/opt/baton/node -e 'console.log("addresses", Object.keys(require("os").networkInterfaces()))'`,
        `/opt/baton/node -e 'new (require("worker_threads").Worker)("console.log(require(\\"child_process\\").execSync(\\"echo works\\").toString().trim())", { eval: true })'`,
      ].join("\n"),
    );
    expect(out).not.toContain("not refused");
    expect(out.match(/is refused/g)).toHaveLength(own!.refused.length);
    const families = out.match(/^family \d+$/gm) ?? [];
    expect(families).toContain("family 1");
    // a host may have IPv6 switched off
    expect(["family 1", "family 2", "family 10", "family 16"]).toEqual(expect.arrayContaining(families));
    expect(out.match(/^netlink \d+$/gm)).toEqual(["netlink 0"]);
    expect(out).toContain("addresses [ 'lo' ]");
    expect(out.trimEnd().endsWith("works")).toBe(true);
  });

  test("every jump of the filter lands inside it, on each processor that has one", () => {
    for (const processor of ["x64", "arm64"] as const) {
      const bytes = renderCallFilter(processor)!;
      const count = bytes.length / 8;
      for (let at = 0; at < count; at += 1) {
        const isJump = (bytes.readUInt16LE(at * 8) & 7) === 5;
        const farthest = Math.max(bytes.readUInt8(at * 8 + 2), bytes.readUInt8(at * 8 + 3));
        if (isJump) expect(at + 1 + farthest).toBeLessThan(count);
      }
      expect(bytes.readUInt32LE(bytes.length - 4)).toBe(0x7fff0000);
    }
    expect(renderCallFilter("riscv64")).toBeNull();
  });
});
