/** Builds dist/ (the action and the command line, one file each); `--check` proves instead that dist/ is what the sources give. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");

/** Every file of dist/ that is started on its own, and its source. */
const entries: Record<string, string> = {
  action: "src/action/main.ts",
  cli: "src/cli/main.ts",
  // Runs inside the walls: the file tools and the forwarder.
  "file-server": "src/sandbox/inside/file-server.ts",
};

/** Bundles every entry and returns dist/ as file name → text; equal sources give equal bytes, wherever the clone lies. */
export async function buildDist(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const packages = new Set<string>();
  for (const [name, input] of Object.entries(entries)) {
    if (!existsSync(join(root, input))) throw new Error(`${input} does not exist; dist/${name}.mjs cannot be built.`);
    const bundle = await rolldown({ cwd: root, input, platform: "node", logLevel: "warn", checks: { eval: false } });
    const { output } = await bundle.generate({
      format: "esm",
      minify: true,
      codeSplitting: false,
      comments: { legal: false },
    });
    await bundle.close();
    const [chunk, ...rest] = output;
    if (rest.length > 0)
      throw new Error(`${name} became more than one file: ${rest.map((o) => o.fileName).join(", ")}`);
    files.set(`${name}.mjs`, chunk.code);
    for (const id of chunk.moduleIds) {
      const folder = packageFolderOf(id);
      if (folder) packages.add(folder);
    }
  }
  files.set("LICENSES.txt", await renderLicences([...packages].sort()));
  return files;
}

function packageFolderOf(moduleId: string): string | null {
  const parts = relative(root, moduleId.replace(/^\0/, "").replace(/\?.*$/, "")).split(sep);
  const at = parts.lastIndexOf("node_modules");
  if (at < 0) return null;
  return parts.slice(0, at + (parts[at + 1]?.startsWith("@") ? 3 : 2)).join("/");
}

async function renderLicences(folders: string[]): Promise<string> {
  const notes: string[] = ["Licences of the packages that are bundled in these files."];
  const seen = new Set<string>();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
    if (!name || seen.has(`${name}@${version}`)) continue;
    seen.add(`${name}@${version}`);
    const file = (await readdir(join(root, folder))).sort().find((f) => /^(?:licen[cs]e|copying)/i.test(f));
    const text = file
      ? (await readFile(join(root, folder, file), "utf8")).replaceAll("\r\n", "\n").trim()
      : "(the package carries no licence file)";
    notes.push(
      `${"-".repeat(72)}\n${name} ${version} (${typeof license === "string" ? license : "see below"})\n\n${text}`,
    );
  }
  return `${notes.join("\n\n")}\n`;
}

/** Files of dist/ that are not what the sources give: changed, missing or left over. */
export async function findStale(): Promise<string[]> {
  const files = await buildDist();
  const stale: string[] = [];
  for (const [name, text] of files) {
    if ((await readFile(join(dist, name), "utf8").catch(() => null)) !== text) stale.push(name);
  }
  const there = await readdir(dist).catch(() => []);
  return [...stale, ...there.filter((name) => !files.has(name))];
}

async function check(): Promise<void> {
  const stale = await findStale();
  if (stale.length === 0) return console.log("dist/ is fresh.");
  console.error(`dist/ is stale: ${stale.join(", ")}. Run \`npm run build\` and commit dist/.`);
  process.exitCode = 1;
}

async function build(): Promise<void> {
  const files = await buildDist();
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  for (const [name, text] of files) {
    await writeFile(join(dist, name), text);
    console.log(`dist/${name} ${Math.ceil(Buffer.byteLength(text) / 1024)} KiB`);
  }
}

if (import.meta.main) await (process.argv.includes("--check") ? check() : build());
