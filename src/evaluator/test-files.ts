const supportFolder =
  /(?:^|\/)(?:tests?|specs?|__tests__|__mocks__|__snapshots__|__fixtures__|testdata|fixtures|e2e|cypress)\//;

/** Languages in which a test is told by its name alone; for the others the runner's own rules are written out below. */
const named = String.raw`\.(?:java|kt|scala|groovy|rb|cr|php|cs|fs|vb|swift|dart|lua|exs|erl|hs|ml|nim|jl|clj[cs]?|lisp|scm|rkt|elm|gleam|d|[Rr]|ps1)$`;
const testNames = new RegExp(`(?:^test[_-].*|[._-](?:[Tt]ests?|[Ss]pec|SUITE)|(?:Tests?|IT|Spec))${named}`);

/** Whether a path holds tests that a runner would collect. */
export function isTestFile(path: string): boolean {
  const base = path.split("/").at(-1) ?? path;
  if (/\.snap$/.test(base)) return false;
  if (/[.\-_](?:test|spec|cy)\.[cm]?[jt]sx?$/.test(base) || /^test\.[cm]?[jt]sx?$/.test(base)) return true;
  if (/(?:^|\/)(?:tests?|__tests__|spec)\/(?:.*\/)?test-[^/]*\.[cm]?[jt]sx?$/.test(path)) return true;
  if (/(?:^|\/)__tests__\/(?:.*\/)?[^/]*\.[cm]?[jt]sx?$/.test(path)) return true;
  if (testNames.test(base) || /^test_.*\.py$|_test\.(?:py|go)$/.test(base)) return true;
  if (/(?:^|\/)src\/test\/.*\.(?:java|kt|scala)$/.test(path)) return true;
  if (/(?:^|\/)tests\/(?:.*\/)?t[^/]*\.nim$/.test(path)) return true;
  if (/\.bats$|^test_.*\.(?:c|cc|cpp|cxx)$|_(?:unit)?test\.(?:c|cc|cpp|cxx)$/.test(base)) return true;
  if (/(?:^|\/)x?t\/.*\.t$|(?:^|\/)tests?\/[^/]*\.(?:c|cc|cpp|cxx)$/.test(path)) return true;
  return /(?:^|\/)tests\/[^/]*\.rs$/.test(path) || /(?:^|\/)test\/[^/]*\.[cm]?[jt]sx?$/.test(path);
}

/** Whether a path is a test or what tests lean on: helpers, fixtures, snapshots, mocks. */
export function isTestSupport(path: string): boolean {
  return (
    isTestFile(path) ||
    /\.snap$/.test(path) ||
    supportFolder.test(path) ||
    /^x?t\//.test(path) ||
    /(?:^|\/)conftest\.py$/.test(path)
  );
}

/** Whether a path holds recorded expectations that a runner can rewrite. */
export function isSnapshot(path: string): boolean {
  return /\.snap(?:shot)?$/.test(path) || /(?:^|\/)__(?:image_)?snapshots__\//.test(path);
}

/** Whether a path is program text. */
export function isProgram(path: string): boolean {
  return /\.(?:[cm]?[jt]sx?|vue|svelte|py|go|rs|java|kts?|scala|groovy|rb|cr|php|cs|fs|vb|swift|dart|c|cc|cpp|cxx|h|hh|hpp|mm?|sh|pl|pm|lua|exs?|erl|hs|mli?|nim|zig|jl|clj[cs]?|lisp|scm|rkt|elm|gleam|d|f90|adb|tcl|[Rr]|ps1)$/.test(
    path,
  );
}

/** Whether a path is program text that is neither test nor test support. */
export function isProductSource(path: string): boolean {
  return isProgram(path) && !isTestSupport(path);
}
