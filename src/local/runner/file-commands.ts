/** A file command that could not be read, in the runner's words. */
export class FileCommandError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FileCommandError";
  }
}

/** Reads what a step wrote to GITHUB_OUTPUT, GITHUB_ENV or GITHUB_STATE: `name=value` lines and `name<<DELIMITER` blocks. */
export function readFileCommands(text: string): [string, string][] {
  const lines = text.replace(/\r\n/g, "\n").split("\n");
  const pairs: [string, string][] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (line === "") continue;
    const equals = line.indexOf("=");
    const block = line.indexOf("<<");
    if (block > 0 && (equals < 0 || block < equals)) {
      const delimiter = line.slice(block + 2);
      const end = lines.indexOf(delimiter, at + 1);
      if (delimiter === "" || end < 0)
        throw new FileCommandError(`Invalid value. Matching delimiter not found '${delimiter}'`);
      pairs.push([line.slice(0, block), lines.slice(at + 1, end).join("\n")]);
      at = end;
    } else if (equals > 0) pairs.push([line.slice(0, equals), line.slice(equals + 1)]);
    else throw new FileCommandError(`Invalid format '${line}'`);
  }
  return pairs;
}
