import type { IntakeHands } from "../intake/intake-hands.ts";

/** The hands of the App, which also meets repositories that have nothing of Baton's yet. */
export interface AppHands extends IntakeHands {
  /** The workflow that a repository needs, as text. */
  workflow: string;
}
