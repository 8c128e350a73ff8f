import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest starts first, so that no long file is left for one worker at the end. */
const longFirst = ["test/journeys/", ".long.test.ts", ".real.test.ts"];

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
    // `x.real.test.ts` starts git, walls, servers or a browser; `x.long.test.ts` takes more than ten seconds of that (kills,
    // demo, real packages, scripted cheats): CI plays them, a person asks for them with CI=true.
    exclude: ["test/fixtures/**", "node_modules/**", ...(process.env.CI ? [] : ["test/**/*.long.test.ts"])],
    // No test asserts on time: these only end what hangs, also on a slow and busy host.
    // A runner that is short of breath may miss a signal once; what fails twice has failed.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 400_000,
    hookTimeout: 400_000,
    // What is compiled once need not be again in each of the some hundred processes that run dist/: a tenth of a journey.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compile") },
    pool: "forks",
    // Files share a worker's modules; none leaves anything in them.
    isolate: false,
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
  },
});
