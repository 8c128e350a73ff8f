import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest starts first, so that no long file is left for one worker at the end. */
const longFirst = [
  "test/journeys/long/",
  "test/journeys/",
  "test/evaluator/evaluate",
  "test/evaluator/freeze-contract",
  "test/session/failpoints",
  "test/local/runner.test",
  "test/trace/trace-browser",
  "test/session/",
  "test/sandbox/",
  "test/app/",
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longFirst.findIndex((part) => moduleId.includes(part));
      return at < 0 ? longFirst.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // The long journeys (kills, demo, real packages, scripted cheats) take minutes: CI plays them, a person asks for them.
    exclude: ["test/fixtures/**", "node_modules/**", ...(process.env.CI ? [] : ["test/journeys/long/**"])],
    // No test asserts on time: these only end what hangs, also on a slow and busy host.
    // A runner that is short of breath may miss a signal once; what fails twice has failed.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 400_000,
    hookTimeout: 400_000,
    pool: "forks",
    // Files share a worker's modules; none leaves anything in them.
    isolate: false,
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
  },
});
