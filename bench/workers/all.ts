import { beyond } from "./policies/beyond.ts";
import { claims } from "./policies/claims.ts";
import { hands } from "./policies/hands.ts";
import { honest } from "./policies/honest.ts";
import { loops } from "./policies/loops.ts";
import { sly } from "./policies/sly.ts";
import { unusual } from "./policies/unusual.ts";
import { wire } from "./policies/wire.ts";
import type { WorkerPolicy } from "./policy.ts";

/** Every worker of the bench. */
export const policies: readonly WorkerPolicy[] = [
  ...honest,
  ...claims,
  ...loops,
  ...wire,
  ...hands,
  ...beyond,
  ...sly,
  ...unusual,
];

/** Rows of the table that are played elsewhere, and why. */
export const elsewhere: Readonly<Record<number, string>> = {
  21: "fork bomb and memory hog: test/sandbox and the bench part hands, inside a limited cgroup only",
};
