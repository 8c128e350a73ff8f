import type { Casting } from "./cast.ts";
import { deciders } from "./library.ts";

const texts = {
  C1: "parse() reads decimals: `1.5h` is 5400000 ms",
  C2: "parse() reads unit names in full, singular and plural: `90 minutes` is 5400000 ms",
  C3: "parse() throws a RangeError that quotes the text when the text is no duration",
} as const;

/** The contract that the initializer proposes; with an undecidable last criterion, that one has only a rubric. */
export function contractOf(casting: Casting): Record<string, unknown> {
  const tested = (id: keyof typeof deciders) => ({
    id,
    text: texts[id],
    oracle: { type: "test", run: `node ${deciders[id].path}`, path: deciders[id].path, timeout_s: 60 },
    files: [deciders[id]],
  });
  const judged = {
    id: "C3",
    text: texts.C3,
    oracle: {
      type: "rubric",
      rubric: "Does parse() refuse every text that is no duration, and say which text it was?",
    },
  };
  const unchanged = {
    id: "C4",
    text: "format() writes what it wrote before",
    kind: "regression",
    oracle: { type: "test", run: "node test/format.test.js", path: "test/format.test.js", timeout_s: 60 },
  };
  return {
    verdict: "work",
    summary: "parse() understands what people type, and refuses the rest.",
    criteria:
      casting === "plain"
        ? [tested("C1"), tested("C2"), tested("C3")]
        : [tested("C1"), tested("C2"), judged, unchanged],
    assumptions: ["Signs and exponents are no part of a duration."],
    out_of_scope: ["format() stays as it is."],
  };
}
