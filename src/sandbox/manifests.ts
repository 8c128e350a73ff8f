/** Names of files that say what has to be installed; a change of one of them makes the prepared layer stale. */
const manifestNames = new Set([
  "package.json",
  "package-lock.json",
  "npm-shrinkwrap.json",
  "yarn.lock",
  "pnpm-lock.yaml",
  "pnpm-workspace.yaml",
  "bun.lock",
  "bun.lockb",
  "deno.lock",
  "pyproject.toml",
  "poetry.lock",
  "uv.lock",
  "pdm.lock",
  "Pipfile",
  "Pipfile.lock",
  "setup.py",
  "setup.cfg",
  "Cargo.toml",
  "Cargo.lock",
  "go.mod",
  "go.sum",
  "Gemfile",
  "Gemfile.lock",
  "composer.json",
  "composer.lock",
  "pom.xml",
  "build.gradle",
  "build.gradle.kts",
  "settings.gradle",
  "settings.gradle.kts",
  "gradle.lockfile",
  "mix.exs",
  "mix.lock",
  "packages.lock.json",
]);

/** One file of a tree, as the git store lists it. */
export interface TreeFile {
  path: string;
  sha: string;
}

/** Whether a path is a manifest or lockfile; those below `node_modules`, fixtures of dependencies, are not. */
export function isManifest(path: string): boolean {
  const parts = path.split("/");
  const name = parts.at(-1)!;
  if (parts.includes("node_modules")) return false;
  return manifestNames.has(name) || /^requirements[^/]*\.txt$/.test(name) || /\.csproj$/.test(name);
}

/** Whether the prepared layer of the base still fits a tree. */
export type LayerFit = { kind: "fits" } | { kind: "stale"; paths: string[]; reason: string };

/** Compares manifests and lockfiles of two trees; both lists are whole trees. */
export function decideLayerFit(base: readonly TreeFile[], tree: readonly TreeFile[]): LayerFit {
  const shas = (files: readonly TreeFile[]): Map<string, string> =>
    new Map(files.filter(({ path }) => isManifest(path)).map(({ path, sha }) => [path, sha]));
  const before = shas(base);
  const after = shas(tree);
  const paths = [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .sort();
  if (paths.length === 0) return { kind: "fits" };
  return {
    kind: "stale",
    paths,
    reason: `the work changes ${paths.slice(0, 5).join(", ")}${paths.length > 5 ? ` and ${paths.length - 5} more` : ""}`,
  };
}

/** One command of the two steps that renew a layer, and whether it may use the network. */
export interface RenewalStep {
  command: string;
  hasNetwork: boolean;
  why: string;
}

const npmInstall = /^\s*npm\s+(ci|install|i)\b([^;&|<>`$()]*)$/;
const yarnInstall = /^\s*yarn(\s+install)?((?:\s+--[\w-]+(?:=\S+)?)*)\s*$/;
const pnpmInstall = /^\s*pnpm\s+(install|i)\b([^;&|<>`$()]*)$/;

/**
 * How a set-up command is run on a tree whose manifests the model wrote: fetching with network and scripts off, then
 * building with scripts on and no network. What cannot be split so runs without network.
 */
export function planRenewal(commands: readonly string[]): RenewalStep[] {
  return commands.flatMap((command): RenewalStep[] => {
    const build = (run: string): RenewalStep => ({
      command: run,
      hasNetwork: false,
      why: "scripts of changed dependencies run without network",
    });
    const fetch = (run: string): RenewalStep => ({
      command: run,
      hasNetwork: true,
      why: "packages are fetched with scripts off",
    });
    const npm = npmInstall.exec(command);
    if (npm) return [fetch(`npm ${npm[1]}${npm[2]!.trimEnd()} --ignore-scripts`), build("npm rebuild --offline")];
    const pnpm = pnpmInstall.exec(command);
    if (pnpm) return [fetch(`pnpm ${pnpm[1]}${pnpm[2]!.trimEnd()} --ignore-scripts`), build("pnpm rebuild")];
    const yarn = yarnInstall.exec(command);
    if (yarn)
      return [fetch(`yarn install${yarn[2]!.trimEnd()} --ignore-scripts`), build("yarn install --offline --force")];
    if (/^\s*go\s+mod\s+download\s*$/.test(command) || /^\s*cargo\s+fetch\b[^;&|<>`$()]*$/.test(command))
      return [fetch(command)];
    return [
      {
        command,
        hasNetwork: false,
        why: "this command cannot be split into fetching and building, so it runs without network",
      },
    ];
  });
}
