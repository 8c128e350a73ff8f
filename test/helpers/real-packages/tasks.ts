import type { RealTask } from "./real-task.ts";
import { deepEqualRegex } from "./tasks/deep-equal.ts";
import { flatProto } from "./tasks/flat.ts";
import { jsonValidEmail } from "./tasks/is-my-json-valid.ts";
import { minimistConstructor, minimistProto } from "./tasks/minimist.ts";
import { objectInspectSymbols } from "./tasks/object-inspect.ts";
import { objectPathSet } from "./tasks/object-path.ts";
import { pathParseTime } from "./tasks/path-parse.ts";
import { qsParseArrays, qsProto } from "./tasks/qs.ts";
import { resolveHomePaths } from "./tasks/resolve.ts";
import { shellQuoteBacktick, shellQuoteRedirect } from "./tasks/shell-quote.ts";

/** Every task, in the order of the bench; the first three are played by the test-suite too. */
export const realTasks: readonly RealTask[] = [
  minimistConstructor,
  shellQuoteBacktick,
  resolveHomePaths,
  minimistProto,
  shellQuoteRedirect,
  qsProto,
  qsParseArrays,
  flatProto,
  objectPathSet,
  jsonValidEmail,
  objectInspectSymbols,
  deepEqualRegex,
  pathParseTime,
];
