import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forgery } from "./forge.ts";
import { outliveBaton, processesWith } from "./outlive.ts";
import { type Box, openBox, skipWalls, testWalls } from "./support.ts";

function parentOf(pid: string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

describe.skipIf(skipWalls)("one command inside the walls", () => {
  let box: Box;
  beforeAll(async () => {
    box = await openBox();
  });
  afterAll(async () => {
    await box[Symbol.asyncDispose]();
  });

  test("a non-zero exit is data, and both streams keep their order", async () => {
    const result = await box.sandbox.exec("echo one; echo two >&2; echo three > /dev/stderr; exit 7", {
      timeoutMs: 60_000,
    });
    expect(result).toMatchObject({
      exit: 7,
      signal: null,
      timedOut: false,
      capped: false,
      whole: "one\ntwo\nthree\n",
      outputLines: 3,
    });
  });

  test("walls raised ahead run the next command as walls raised for it would, and only that one", async () => {
    const seen = "echo $PWD; env -u _ | cut -d= -f1 | sort; readlink /proc/self/fd/0; cat /proc/1/comm | wc -l";
    const cold = await box.sandbox.exec(seen, { timeoutMs: 60_000 });
    box.sandbox.warm();
    box.sandbox.warm();
    writeFileSync(join(box.workDir, "late.txt"), "written after the walls stood\n");
    const warm = await box.sandbox.exec(`${seen}; cat late.txt; rm late.txt`, { timeoutMs: 60_000 });
    expect(warm.whole).toBe(`${cold.whole}written after the walls stood\n`);
    box.sandbox.warm();
    const both = await Promise.all(
      [1, 2].map((n) => box.sandbox.exec(`echo ${n}; seen=(/proc/[0-9]*); echo \${#seen[@]}`, { timeoutMs: 60_000 })),
    );
    expect(both.map(({ whole }) => whole?.split("\n")[0])).toEqual(["1", "2"]);
    expect(new Set(both.map(({ whole }) => whole?.split("\n")[1])).size).toBe(1);
  });

  test("walls raised ahead that were killed meanwhile are replaced", async () => {
    box.sandbox.warm();
    const find = () => processesWith("IFS= read -r -d").filter((pid) => parentOf(pid) === process.pid);
    await expect.poll(find, { timeout: 10_000 }).toHaveLength(1);
    const ours = find();
    for (const pid of ours) process.kill(Number(pid), "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const result = await box.sandbox.exec("echo still here", { timeoutMs: 60_000 });
    expect(result).toMatchObject({ exit: 0, whole: "still here\n" });
  });

  test("death by a signal is shown as a shell shows it", async () => {
    const result = await box.sandbox.exec("bash -c 'kill -9 $$'; exit $?", { timeoutMs: 60_000 });
    expect(result.exit).toBe(137);
  });

  test("nobody inside can look into the first process or say another exit code in its name", async () => {
    expect(await box.sandbox.exec(`${forgery}; exit 5`, { timeoutMs: 60_000 })).toMatchObject({ whole: "", exit: 5 });
    // what is behind the walls' own proxy is no nearer to it
    await using wired = await openBox({ network: { socketPath: join(box.dir, "nobody.sock") } });
    const result = await wired.sandbox.exec(`${forgery}; pkill -9 node; exit 6`, { timeoutMs: 60_000 });
    expect(result).toMatchObject({ whole: "", exit: 6 });
  });

  test.skipIf(testWalls?.kind !== "bubblewrap")(
    "the forgery has teeth: bubblewrap's own first process falls for it",
    async () => {
      await using open = await openBox({ walls: { ...testWalls!, first: null } });
      const result = await open.sandbox.exec(`${forgery}; sleep 5; exit 5`, { timeoutMs: 60_000 });
      expect(result.exit).toBe(0);
    },
  );

  test("a syntax error is the command's own output", async () => {
    const result = await box.sandbox.exec("if then", { timeoutMs: 60_000 });
    expect(result.exit).toBe(2);
    expect(result.whole).toContain("syntax error");
  });

  const sleeper = (mark: string): string => `exec -a ${mark} sleep 600`;
  const shapes: [string, (mark: string) => string][] = [
    ["a background job", (mark) => `( ${sleeper(mark)} ) & echo started`],
    ["setsid", (mark) => `setsid bash -c '${sleeper(mark)}' & echo started`],
    ["nohup setsid without output", (mark) => `nohup setsid bash -c '${sleeper(mark)}' >/dev/null 2>&1 & echo started`],
    ["an empty environment and setsid", (mark) => `env -i setsid bash -c '${sleeper(mark)}' & echo started`],
    ["a double fork", (mark) => `( ( setsid bash -c '${sleeper(mark)}' & ) & ); echo started`],
    ["disown", (mark) => `( ${sleeper(mark)} ) & disown -a; echo started`],
    ["deaf to every signal", (mark) => `( trap '' TERM INT HUP QUIT; ${sleeper(mark)} ) & echo started`],
    ["a chatty loop", (mark) => `bash -c 'while :; do echo chat; sleep 0.01; done' ${mark} & echo started`],
    ["a stopped process", (mark) => `( ${sleeper(mark)} ) & kill -STOP $!; echo started`],
    [
      "a child that starts others at its end",
      (mark) => `bash -c "trap '(${sleeper(mark)}) &' EXIT TERM; exec -a ${mark} sleep 600" & echo started`,
    ],
  ];
  test.each(shapes)("nothing survives: %s", async (_name, shape) => {
    const mark = `baton-mark-${randomBytes(6).toString("hex")}`;
    const result = await box.sandbox.exec(shape(mark), { timeoutMs: 60_000 });
    expect(result.exit).toBe(0);
    expect(result.head).toContain("started");
    expect(processesWith(mark)).toEqual([]);
  });

  test("a timeout kills what ignores signals, and says so", async () => {
    const mark = `baton-mark-${randomBytes(6).toString("hex")}`;
    const result = await box.sandbox.exec(
      `trap '' TERM INT; echo begun; ( ${sleeper(mark)} ) & while :; do sleep 1; done`,
      { timeoutMs: 3_000 },
    );
    expect(result).toMatchObject({ exit: null, signal: "SIGKILL", timedOut: true, killedBecause: "timeout" });
    expect(processesWith(mark)).toEqual([]);
  });

  test("an abort ends a command, also one that comes before the start", async () => {
    const controller = new AbortController();
    const running = box.sandbox.exec("sleep 600", { timeoutMs: 600_000, signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    expect(await running).toMatchObject({ killedBecause: "aborted", exit: null });
    expect(await box.sandbox.exec("sleep 600", { timeoutMs: 600_000, signal: controller.signal })).toMatchObject({
      killedBecause: "aborted",
    });
  });

  test("a command that waits for input gets none", async () => {
    const result = await box.sandbox.exec('read line; echo "got:$line:$?"', { timeoutMs: 60_000 });
    expect(result.whole).toBe("got::1\n");
  });

  test("killing everything from inside reaches neither Baton nor the file tools", async () => {
    await box.sandbox.files.write({ path: "alive.txt", content: "yes\n" });
    await box.sandbox.exec("pkill -9 -f node; pkill -9 bwrap; kill -9 -1; kill -9 1", { timeoutMs: 60_000 });
    expect(await box.sandbox.files.read({ path: "alive.txt" })).toMatchObject({ kind: "ok" });
    expect(await box.sh("echo still here")).toBe("still here\n");
  });

  test("the text of a command is in no argument list", async () => {
    const out = await box.sh(
      "true needle-$((40+2)); cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'needle-[$]' ; true",
    );
    expect(out.trim()).toBe("0");
  });

  test("a flood of output is cut at its cap, killed and said", async () => {
    await using small = await openBox({ limits: { outputBytes: 2 * 1024 ** 2 } });
    const outputFile = join(small.outputsDir, "flood.log");
    const result = await small.sandbox.exec("yes", { timeoutMs: 60_000, outputFile });
    expect(result).toMatchObject({ capped: true, killedBecause: "output", outputBytes: 2 * 1024 ** 2, whole: null });
    expect(statSync(outputFile).size).toBe(2 * 1024 ** 2);
  });

  test("one endless line keeps memory bounded", async () => {
    await using small = await openBox({ limits: { outputBytes: 4 * 1024 ** 2 } });
    const result = await small.sandbox.exec("head -c 10000000 /dev/zero | tr '\\0' 'x'", { timeoutMs: 60_000 });
    expect(result.capped).toBe(true);
    expect(result.head.length + result.tail.length).toBeLessThan(200_000);
  });

  test.each(["", "head -c 8000000 /dev/zero > kept; sleep 0.5"])(
    "what grows the disk beyond its limit is killed, after `%s`",
    async (earlier) => {
      await using small = await openBox({ limits: { growthBytes: 30 * 1024 ** 2 } });
      if (earlier) await small.sh(earlier);
      const result = await small.sandbox.exec(
        "for i in $(seq 1 60); do head -c 8000000 /dev/urandom > f$((i%12)); sleep 0.1; done; sleep 60",
        { timeoutMs: 60_000 },
      );
      expect(result.killedBecause).toBe("disk");
    },
  );

  test("a file cannot be larger than the limit", async () => {
    await using small = await openBox({ limits: { fileBytes: 1024 ** 2 } });
    const out = await small.sh("head -c 3000000 /dev/zero > big; stat -c %s big");
    expect(out).toContain("1048576");
  });

  test("processes are limited", async () => {
    // The kernel counts all boxes of this host together, and those of other tests come and go: the margins are wide.
    await using small = await openBox({ limits: { processes: 120 } });
    const out = await small.sh(
      "perl -e 'my $n = 0; while ($n < 500) { my $p = fork(); last unless defined $p; if ($p == 0) { sleep 30; exit } $n++ } print $n'",
    );
    expect(Number(out)).toBeGreaterThan(5);
    expect(Number(out)).toBeLessThan(400);
  });

  /** Takes memory in steps and says how much it has; the box is bounded, so that it never has much. */
  const hoard =
    'perl -e \'$| = 1; my @kept; for (1..40) { push @kept, "x" x 5_000_000; print $_ * 5, "\\n" } sleep 1\'; echo ended $?';
  const mostTaken = (text: string): number =>
    Math.max(0, ...[...text.matchAll(/^(\d+)$/gm)].map(([, mb]) => Number(mb)));

  test.skipIf(testWalls?.cgroups == null)(
    "all of a command's processes together have the memory of their group, and its end is said",
    async () => {
      await using small = await openBox({ limits: { memoryBytes: 90 * 1024 ** 2 } });
      const result = await small.sandbox.exec(`(${hoard}) & (${hoard}) & wait`, { timeoutMs: 60_000 });
      expect(result.killedBecause).toBe("memory");
      expect(mostTaken(result.whole ?? "")).toBeLessThan(90);
    },
  );

  test("without control groups each process has its memory, and processes are counted", async () => {
    const walls = { ...testWalls!, cgroups: null };
    await using small = await openBox({ walls, limits: { memoryBytes: 90 * 1024 ** 2, processes: 60 } });
    const taken = mostTaken(await small.sh(hoard));
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(90);
    const forks = await small.sh(
      "perl -e 'my $n = 0; while ($n < 500) { my $p = fork(); last unless defined $p; if ($p == 0) { sleep 30; exit } $n++ } print $n'",
    );
    expect(Number(forks)).toBeLessThan(400);
  });

  test("everything inside dies with Baton, however it is killed", { timeout: 90_000 }, async () => {
    const mark = `baton-mark-${randomBytes(6).toString("hex")}`;
    expect(await outliveBaton(mark)).toEqual([]);
  });

  test("nothing is left on the host after close, also what the model closed against its owner", async () => {
    const other = await openBox();
    await other.sh("mkdir -p /tmp/closed/deep; chmod 000 /tmp/closed");
    // deeper than any path may be long
    await other.sh(`perl -e 'my $n = "d" x 200; chdir "/tmp"; for (1..60) { mkdir $n; chdir $n }'`);
    await other.sandbox.files.glob({ pattern: "*" });
    const scratch = (): string[] =>
      readdirSync(tmpdir()).filter(
        (name) => name.startsWith("baton-walls-") && existsSync(join(tmpdir(), name, "tmp/closed")),
      );
    expect(scratch().length).toBe(1);
    await other[Symbol.asyncDispose]();
    expect(scratch()).toEqual([]);
    expect(existsSync(other.dir)).toBe(false);
  });

  test("files that a command makes can be read and removed by Baton, and files of Baton written by a command", async () => {
    writeFileSync(join(box.workDir, "from-baton.txt"), "a\n");
    await box.sandbox.adopt();
    await box.sh("echo b >> from-baton.txt; mkdir -p deep/er; echo c > deep/er/f; chmod 600 deep/er/f");
    expect(readFileSync(join(box.workDir, "from-baton.txt"), "utf8")).toBe("a\nb\n");
    expect(readFileSync(join(box.workDir, "deep/er/f"), "utf8")).toBe("c\n");
  });
});
