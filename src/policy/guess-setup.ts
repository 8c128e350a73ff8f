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
  command: string;
  network: string;
  /** Rules of one group exclude each other; the first match wins. */
  group: string;
}

/** In order of precedence within a group: a lockfile beats a manifest, the more specific tool the more general. */
export const guessRules: readonly Rule[] = [
  {
    group: "node",
    file: "pnpm-lock.yaml",
    command: `${corepack("pnpm")} && pnpm install --frozen-lockfile`,
    network: "npm",
  },
  {
    group: "node",
    file: "yarn.lock",
    command: `${corepack("yarn")} && { yarn install --immutable || yarn install --frozen-lockfile; }`,
    network: "yarn",
  },
  { group: "node", file: "bun.lock", command: "bun install --frozen-lockfile", network: "npm" },
  { group: "node", file: "bun.lockb", command: "bun install --frozen-lockfile", network: "npm" },
  { group: "node", file: "package-lock.json", command: "npm ci", network: "npm" },
  { group: "node", file: "npm-shrinkwrap.json", command: "npm ci", network: "npm" },
  { group: "node", file: "package.json", command: "npm install --no-package-lock", network: "npm" },
  { group: "python", file: "uv.lock", command: "uv sync --frozen", network: "pip" },
  { group: "python", file: "poetry.lock", command: "poetry install --no-interaction", network: "pip" },
  { group: "python", file: "Pipfile.lock", command: "pipenv sync --dev", network: "pip" },
  { group: "python", file: "requirements.txt", command: venv("-r requirements.txt"), network: "pip" },
  { group: "python", file: "pyproject.toml", command: venv("-e ."), network: "pip" },
  { group: "go", file: "go.mod", command: "go mod download", network: "go" },
  { group: "rust", file: "Cargo.lock", command: "cargo fetch --locked", network: "cargo" },
  { group: "rust", file: "Cargo.toml", command: "cargo fetch", network: "cargo" },
  { group: "ruby", file: "Gemfile.lock", command: "bundle install", network: "gem" },
  { group: "php", file: "composer.lock", command: "composer install --no-interaction", network: "composer" },
  { group: "elixir", file: "mix.lock", command: "mix deps.get", network: "hex" },
  { group: "dotnet", file: "packages.lock.json", command: "dotnet restore --locked-mode", network: "nuget" },
  { group: "maven", file: "pom.xml", command: "mvn -B -q dependency:go-offline", network: "maven" },
];

/** What `setup` most likely is, from the paths of the base's tracked files; only the root counts, so that fixtures never decide. */
export function guessSetup(files: readonly string[]): GuessedSetup {
  const root = new Set(files.filter((file) => !file.includes("/")));
  const groups = new Map<string, Rule>();
  for (const rule of guessRules) if (!groups.has(rule.group) && root.has(rule.file)) groups.set(rule.group, rule);
  const chosen = [...groups.values()];
  return {
    commands: chosen.map((rule) => rule.command),
    network: [...new Set(chosen.map((rule) => rule.network))],
    because: chosen.map((rule) => rule.file),
  };
}

// The folder of node cannot be written inside the walls. Corepack takes the version that the manifest names; it is missing
// from newer Nodes, and refuses registries that do not sign.
function corepack(program: string): string {
  const enable = `corepack enable --install-directory "$HOME/.local/bin" ${program} && ${program} --version`;
  const install = `npm install --global --force --prefix "$HOME/.local" ${program}`;
  return `mkdir -p "$HOME/.local/bin" && { { ${enable}; } || ${install}; }`;
}

// A virtual environment in HOME: the layer copies untracked files and HOME, and system Pythons refuse a bare pip install (PEP 668).
function venv(what: string): string {
  return `python3 -m venv "$HOME/.venv" && "$HOME/.venv/bin/pip" install ${what}`;
}
