/** Values that never show in a log: exact matches, as the runner does it. */
export interface Masks {
  add(value: string): void;
  apply(text: string): string;
  /** True when the text holds a masked value. */
  hides(text: string): boolean;
}

/** Opens a set of masks; each line of a value of several lines is masked too. */
export function createMasks(values: readonly string[] = []): Masks {
  const known = new Set<string>();
  const masks: Masks = {
    add(value) {
      for (const part of [value, ...value.split(/\r?\n/)]) if (part.trim().length > 0) known.add(part);
    },
    apply(text) {
      let out = text;
      for (const value of [...known].sort((a, b) => b.length - a.length)) out = out.replaceAll(value, "***");
      return out;
    },
    hides: (text) => [...known].some((value) => text.includes(value)),
  };
  for (const value of values) masks.add(value);
  return masks;
}
