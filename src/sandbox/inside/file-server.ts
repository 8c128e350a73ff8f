import { closeSync } from "node:fs";
import { Confine } from "./confine.ts";
import { editPlaces } from "./edit-file.ts";
import { forward } from "./forward.ts";
import {
  createUnframer,
  type FileAnswer,
  type FileOperation,
  type FileRequests,
  frame,
  Refusal,
  type Roots,
} from "./protocol.ts";
import { readNumbered } from "./read-file.ts";
import { listPaths, searchLines } from "./search.ts";
import { writeWhole } from "./write-file.ts";

/**
 * Baton's helper inside the walls, a program of its own that imports only Node and its neighbours:
 * `file-server serve <roots as JSON>` answers file requests on stdio; `file-server forward <socket> <port>` is the TCP
 * forwarder.
 */
function answer(confine: Confine, op: FileOperation, args: never): FileAnswer {
  const doors: { [Op in FileOperation]: (request: FileRequests[Op]) => FileAnswer } = {
    locate: (request) => {
      const place = confine.target(request.path, false);
      if (place.dirFd !== null) closeSync(place.dirFd);
      return { kind: "ok", text: "", path: confine.show(place.real) };
    },
    read: (request) => readNumbered(confine, request),
    write: (request) => writeWhole(confine, request),
    edit: (request) => editPlaces(confine, request),
    glob: (request) => listPaths(confine, request),
    grep: (request) => searchLines(confine, request),
  };
  try {
    return doors[op](args);
  } catch (error) {
    if (error instanceof Refusal) return { kind: "refused", reason: error.message };
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return { kind: "refused", reason: `${op} failed: ${code}` };
  }
}

function serve(roots: Roots): void {
  const confine = new Confine(roots);
  const unframe = createUnframer((message) => {
    const { id, op, args } = message as { id: number; op: FileOperation; args: never };
    process.stdout.write(frame({ id, answer: answer(confine, op, args) }));
  });
  process.stdin.on("data", unframe);
  process.stdin.on("end", () => process.exit(0));
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === "serve") serve(JSON.parse(rest[0]!) as Roots);
else if (mode === "forward") forward(rest[0]!, Number(rest[1]));
else process.exit(64);
