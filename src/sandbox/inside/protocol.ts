/** What a file tool answers: text for the model, or why it refused. Both are expected endings. */
export type FileAnswer =
  | {
      kind: "ok";
      text: string;
      /** Path as it really is, after links. */
      path: string;
      /** SHA-256 of the file's bytes after the call, where there is one file. */
      sha?: string;
      /** Some of the result was left out. */
      cut?: boolean;
    }
  | { kind: "refused"; reason: string };

export interface FileRequests {
  locate: { path: string };
  read: { path: string; start?: number; lines?: number };
  /** `seen` is the SHA-256 the file had when this context last read it, or null. */
  write: { path: string; content: string; seen: string | null };
  edit: { path: string; old: string; new: string; expect_count?: number };
  glob: { pattern: string; path?: string };
  grep: { pattern: string; path?: string; glob?: string };
}
export type FileOperation = keyof FileRequests;

/** Where the four places of the model are. */
export interface Roots {
  workspace: string;
  home: string;
  outputs: string;
  tmp: string;
}

/** A refusal on its way out of a file tool; anything else that is thrown is a surprise. */
export class Refusal extends Error {
  override name = "Refusal";
}

/** One message on the wire: four bytes of length (big-endian), then JSON. */
export function frame(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message), "utf8");
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

/** Largest message accepted from the other side, bytes. */
const maxMessage = 64 * 1024 * 1024;

/** Cuts a byte stream into messages. Throws when a length is out of bounds. */
export function createUnframer(onMessage: (message: unknown) => void): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let size = 0;
  return (chunk) => {
    parts.push(chunk);
    size += chunk.length;
    while (size >= 4) {
      const all = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      parts = [all];
      const length = all.readUInt32BE(0);
      if (length > maxMessage) throw new RangeError(`message of ${length} bytes`);
      if (size < 4 + length) return;
      const body = all.subarray(4, 4 + length);
      parts = [all.subarray(4 + length)];
      size -= 4 + length;
      onMessage(JSON.parse(body.toString("utf8")));
    }
  };
}
