/**
 * Characters without a shape of their own that Unicode does not mark as ignorable: object replacement and annotation
 * marks, blank braille, the null notehead, fillers of Khitan script, and sponsors of "looks like nothing" in fonts.
 */
const blank = /[\u2800\ufffc\ufff9-\ufffb\u{1d159}\u{16fe4}\u{13440}\u{1107f}\u{11f41}\u{e0001}]/u;
const visibleOther = /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u;
const ignorable = /\p{Default_Ignorable_Code_Point}/u;
const pictographic = /\p{Extended_Pictographic}/u;
const emojiPart = /\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f/u;
// Scripts whose spelling needs the joiners (Unicode 16, section 23.2).
const joining =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Oriya}\p{Script=Sinhala}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** More combining marks on one letter than any orthography stacks. */
const maxMarks = 4;

/** Whether a single code point (as a string) shows something or is one of the few blanks that text needs. */
export function isVisibleCharacter(character: string): boolean {
  if (character === "\n" || character === "\t" || character === " " || character === "\u00a0" || character === "\u3000")
    return true;
  return visibleOther.test(character) && !ignorable.test(character) && !blank.test(character);
}

/** Text of visible characters only, in NFC; every run of dropped characters counts once. Joiners stay where emoji or a script need them. */
export function filterCharacters(source: string): { text: string; removed: number } {
  const characters = [...source.replace(/\r\n?/g, "\n").normalize("NFC")];
  let text = "";
  let removed = 0;
  let marks = 0;
  let dropping = false;
  characters.forEach((character, index) => {
    const kept = keep(character, characters[index - 1] ?? "", characters[index + 1] ?? "");
    marks = /\p{M}/u.test(character) ? marks + 1 : 0;
    const visible = marks > maxMarks ? "" : kept;
    if (visible === "" && !dropping) removed += 1;
    dropping = visible === "";
    text += visible;
  });
  return { text: text.replace(/[ \t]+$/gm, ""), removed };
}

function keep(character: string, before: string, after: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80)
    return code >= 0x20 && code !== 0x7f ? character : character === "\n" || character === "\t" ? character : "";
  if (isVisibleCharacter(character)) return character;
  if (/\p{Zs}/u.test(character)) return "\u00a0";
  // The emoji presentation selector and the joiner between emoji change what is seen.
  if (code === 0xfe0f && (pictographic.test(before) || (/[0-9#*]/.test(before) && after === "\u20e3")))
    return character;
  if (code === 0x200d && emojiPart.test(before) && pictographic.test(after)) return character;
  // Letters that join by themselves need no joiner between them.
  if (code === 0x200d && /\p{Script=Arabic}|\p{Script=Syriac}/u.test(before)) return "";
  if ((code === 0x200c || code === 0x200d) && joining.test(before) && joining.test(after)) return character;
  return "";
}
