/** Sections of INI or TOML files that steer oracles: test runner, coverage, lint and types. */
const steering =
  /^\[+\s*"?(?:tool[.:])?"?(?:pytest|coverage|run|report|mypy|ruff|pylint|flake8|pyright|basedpyright|black|isort|bandit|tox|testenv|hatch\.envs|nox|pycodestyle|doctest|poe|taskipy|pdm\.scripts)\b/i;

/** A file split at its `[section]` headers; the first part has the header "". */
function sections(text: string): { header: string; lines: string }[] {
  const parts: { header: string; lines: string }[] = [{ header: "", lines: "" }];
  for (const line of text.split(/(?<=\n)/)) {
    if (/^\[+[^\]]+\]+\s*(?:[#;].*)?$/.test(line.trim())) parts.push({ header: line.trim(), lines: line });
    else parts.at(-1)!.lines += line;
  }
  return parts;
}

/** The head's file with the base's steering sections, and the headers that differed. Other sections stay the head's. */
export function restoreSections(base: string, head: string): { text: string; changed: string[] } {
  const wanted = new Map(
    sections(base)
      .filter((s) => steering.test(s.header))
      .map((s) => [s.header, s.lines]),
  );
  const changed: string[] = [];
  const kept: string[] = [];
  const seen = new Set<string>();
  for (const { header, lines } of sections(head)) {
    if (!steering.test(header)) {
      kept.push(lines);
      continue;
    }
    const original = seen.has(header) ? undefined : wanted.get(header);
    seen.add(header);
    if (original === undefined || original.trimEnd() !== lines.trimEnd()) changed.push(header);
    if (original !== undefined) kept.push(original.endsWith("\n") ? original : `${original}\n`);
  }
  for (const [header, lines] of wanted) {
    if (seen.has(header)) continue;
    changed.push(header);
    kept.push(`\n${lines.endsWith("\n") ? lines : `${lines}\n`}`);
  }
  return { text: changed.length > 0 ? kept.join("") : head, changed: [...new Set(changed)] };
}
