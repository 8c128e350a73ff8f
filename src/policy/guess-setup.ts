/** Set-up commands that a lockfile at the root suggests, and what they need from the network. */
export interface GuessedSetup {
  commands: string[];
  network: string[];
  /** Files that decided, for the report. */
  because: string[];
}

/** A file of the root, and what it suggests. */
interface Rule {
  file: string;
  /** Run one after the other: what can be split into fetching and building is a command of its own. */
  commands: readonly string[];
  network: string;
  /** Rules of one group exclude each other; the first match wins. */
  group: string;
}

// Each check starts from a copy of the layer: without this each would compile the standard library, or every dependency,
// anew. A base that does not compile is no reason not to begin.
const warmGo = "go test -run '^$' ./... || true";
const warmRust = "cargo test --no-run || true";
const warmElixir = "MIX_ENV=test mix deps.compile || true";
// HOME is empty inside the walls, and mix asks before it installs what it needs for dependencies.
const mixTools = "mix local.hex --force --if-missing && mix local.rebar --force --if-missing";

/** In order of precedence within a group: a lockfile beats a manifest, the more specific tool the more general. */
export const guessRules: readonly Rule[] = [
  {
    group: "node",
    file: "pnpm-lock.yaml",
    commands: [corepack("pnpm"), "pnpm install --frozen-lockfile"],
    network: "npm",
  },
  {
    group: "node",
    file: "yarn.lock",
    commands: [corepack("yarn"), "yarn install --frozen-lockfile"],
    network: "yarn",
  },
  { group: "node", file: "bun.lock", commands: ["bun install --frozen-lockfile"], network: "npm" },
  { group: "node", file: "bun.lockb", commands: ["bun install --frozen-lockfile"], network: "npm" },
  { group: "node", file: "package-lock.json", commands: ["npm ci"], network: "npm" },
  { group: "node", file: "npm-shrinkwrap.json", commands: ["npm ci"], network: "npm" },
  { group: "node", file: "package.json", commands: ["npm install --no-package-lock"], network: "npm" },
  { group: "python", file: "uv.lock", commands: ["uv sync --frozen"], network: "pip" },
  { group: "python", file: "poetry.lock", commands: ["poetry install --no-interaction"], network: "pip" },
  { group: "python", file: "Pipfile.lock", commands: ["pipenv sync --dev"], network: "pip" },
  { group: "python", file: "requirements.txt", commands: [venv("-r requirements.txt")], network: "pip" },
  { group: "python", file: "pyproject.toml", commands: [venv("-e .")], network: "pip" },
  { group: "go", file: "go.mod", commands: ["go mod download", warmGo], network: "go" },
  { group: "rust", file: "Cargo.lock", commands: ["cargo fetch --locked", warmRust], network: "cargo" },
  { group: "rust", file: "Cargo.toml", commands: ["cargo fetch", warmRust], network: "cargo" },
  { group: "ruby", file: "Gemfile.lock", commands: ["bundle install"], network: "gem" },
  { group: "php", file: "composer.lock", commands: ["composer install --no-interaction"], network: "composer" },
  { group: "elixir", file: "mix.lock", commands: [mixTools, "mix deps.get", warmElixir], network: "hex" },
  { group: "dotnet", file: "packages.lock.json", commands: ["dotnet restore --locked-mode"], network: "nuget" },
  { group: "maven", file: "pom.xml", commands: ["mvn -B -q dependency:go-offline"], network: "maven" },
];

/** What `setup` most likely is, from the paths of the base's tracked files; only the root (or the folder that commands start in) counts, so that fixtures never decide. */
export function guessSetup(files: readonly string[], folder = ""): GuessedSetup {
  const prefix = folder === "" ? "" : `${folder}/`;
  const inFolder = files.filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length));
  const root = new Set(inFolder.filter((file) => !file.includes("/")));
  const groups = new Map<string, Rule>();
  for (const rule of guessRules) if (!groups.has(rule.group) && root.has(rule.file)) groups.set(rule.group, rule);
  const chosen = [...groups.values()];
  return {
    commands: chosen.flatMap((rule) => rule.commands),
    network: [...new Set(chosen.map((rule) => rule.network))],
    because: chosen.map((rule) => rule.file),
  };
}

// The folder of node cannot be written inside the walls. Corepack takes the version that the manifest names; it is missing
// from newer Nodes, and refuses registries that do not sign.
function corepack(program: string): string {
  const enable = `corepack enable --install-directory "$HOME/.local/bin" ${program} && ${program} --version`;
  const install = `npm install --global --force --prefix "$HOME/.local" ${program}`;
  return `${program} --version || { mkdir -p "$HOME/.local/bin" && { { ${enable}; } || ${install}; }; }`;
}

// A virtual environment in HOME: the layer copies untracked files and HOME, and system Pythons refuse a bare pip install (PEP 668).
function venv(what: string): string {
  return `python3 -m venv "$HOME/.venv" && "$HOME/.venv/bin/pip" install ${what}`;
}
