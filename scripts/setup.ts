/** Prepares this machine for the demo and the tests, on stderr so that what follows keeps stdout: bubblewrap, where it may be installed; otherwise one message says how and what is weaker without. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const weaker =
  "Without it util-linux and Perl make the walls, where this kernel allows that; where it does not, tests that need walls are skipped, and Baton runs no model here.";

function has(command: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" }).status === 0;
}

function run(argv: string[]): boolean {
  console.error(`$ ${argv.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync(argv[0]!, argv.slice(1), { stdio: ["ignore", 2, 2], env, timeout: 300_000 }).status === 0;
}

/** True when bubblewrap can make a user namespace here, which some kernels forbid to it. */
function wallsStand(): boolean {
  return (
    spawnSync("bwrap", ["--ro-bind", "/", "/", "--unshare-all", "--dev", "/dev", "true"], {
      stdio: "ignore",
      timeout: 20_000,
    }).status === 0
  );
}

function installWith(prefix: string[], packages: string[]): void {
  const apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"];
  if (!run([...prefix, ...apt, "update"]))
    console.error("The package lists could not be refreshed; trying with those that are there.");
  // One by one: a package that this system does not know must not keep the others out.
  for (const name of packages) run([...prefix, ...apt, "install", "-y", "--no-install-recommends", name]);
}

/** AppArmor on Ubuntu 24.04 forbids user namespaces to programs without a profile. */
function liftRestriction(prefix: string[]): void {
  if (existsSync("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")) {
    run([...prefix, "sysctl", "-q", "-w", "kernel.apparmor_restrict_unprivileged_userns=0"]);
  }
}

/** Commands of which one is enough, by the package that brings the first. */
const needs: Record<string, string[]> = { bubblewrap: ["bwrap"] };
if (process.argv.includes("--browser")) needs.chromium = ["chromium", "chromium-browser", "google-chrome"];
const missing = Object.keys(needs).filter((name) => !needs[name]!.some(has));
const root = process.getuid?.() === 0;
const inCi = process.env.CI === "true" || process.env.GITHUB_ACTIONS === "true";
const prefix = root ? [] : ["sudo", "-n"];
const mayInstall = has("apt-get") && (root || (inCi && has("sudo")));

if (missing.length > 0 && mayInstall) installWith(prefix, missing);
if (has("bwrap") && !wallsStand() && mayInstall) liftRestriction(prefix);

if (!has("bwrap")) {
  console.error(
    `bubblewrap is not installed. Install it with \`sudo apt-get install bubblewrap\` (Debian, Ubuntu) or your system's package manager. ${weaker}`,
  );
} else if (!wallsStand()) {
  console.error(
    `bubblewrap is installed but may not make a user namespace here. On Ubuntu: \`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0\`. ${weaker}`,
  );
} else {
  console.error("bubblewrap works: the walls can be raised.");
}
if (missing.includes("chromium") && !needs.chromium!.some(has))
  console.error("No browser could be installed: the tests that look at traces in one are skipped.");
