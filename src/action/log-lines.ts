/** What shows nothing, and so may be passed over where strings are compared by culture, as .NET does it. */
const hidden = "[\\p{C}\\p{Default_Ignorable_Code_Point}]*";
const command = new RegExp(`^[\\s\\p{C}\\p{Default_Ignorable_Code_Point}]*:${hidden}:`, "u");
const legacyCommand = new RegExp(`#${hidden}#${hidden}\\[`, "gu");

/**
 * A text as lines of the step's log that the runner only shows. It takes for a command `::name::` at the start of a line, also
 * behind blanks, and `##[name]` anywhere in one (actions/runner, ActionCommand.cs: TryParseV2 and TryParse).
 */
export function logLines(text: string): string[] {
  return text
    .split(/\r\n|[\r\n]/)
    .map((line) => (command.test(line) ? `· ${line}` : line).replace(legacyCommand, "##·["));
}
