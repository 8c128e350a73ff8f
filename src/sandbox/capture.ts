import { createHash } from "node:crypto";
import { closeSync, constants, openSync, writeSync } from "node:fs";

/** Bytes kept of the beginning and of the end; output that fits into both together is kept whole. */
const headBytes = 64 * 1024;
const tailBytes = 128 * 1024;

/** What a command printed, both streams together, as far as it is kept in memory. */
export interface Captured {
  bytes: number;
  lines: number;
  sha256: string;
  head: string;
  tail: string;
  /** Everything, when it is at most 192 KiB. */
  whole: string | null;
  /** A NUL byte was among the first 4 KiB. */
  binary: boolean;
}

/** Takes output chunk by chunk: constant memory, everything up to the cap into the file. */
export class Capture {
  readonly #cap: number;
  readonly #file: number | null;
  readonly #hash = createHash("sha256");
  #head: Buffer[] = [];
  #headSize = 0;
  #tail: Buffer[] = [];
  #tailSize = 0;
  #bytes = 0;
  #lines = 0;
  #endsOpen = false;

  constructor(cap: number, file: string | undefined) {
    this.#cap = cap;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    this.#file = file === undefined ? null : openSync(file, flags, 0o644);
  }

  /** Returns false once the cap is reached: the rest is thrown away. */
  feed(chunk: Buffer): boolean {
    const room = this.#cap - this.#bytes;
    if (room <= 0) return false;
    const part = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.#bytes += part.length;
    this.#hash.update(part);
    for (let at = part.indexOf(10); at !== -1; at = part.indexOf(10, at + 1)) this.#lines += 1;
    this.#endsOpen = part[part.length - 1] !== 10;
    if (this.#file !== null) writeSync(this.#file, part);
    this.#keep(part);
    return part.length === chunk.length;
  }

  #keep(part: Buffer): void {
    const forHead = Math.min(part.length, headBytes - this.#headSize);
    if (forHead > 0) {
      this.#head.push(Buffer.from(part.subarray(0, forHead)));
      this.#headSize += forHead;
    }
    const rest = part.subarray(Math.max(forHead, 0));
    if (rest.length === 0) return;
    this.#tail.push(Buffer.from(rest));
    this.#tailSize += rest.length;
    while (this.#tail[0] && this.#tailSize - this.#tail[0].length >= tailBytes)
      this.#tailSize -= this.#tail.shift()!.length;
  }

  /** Ends the file and gives what was kept. */
  finish(): Captured {
    if (this.#file !== null) closeSync(this.#file);
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    const isWhole = this.#bytes === head.length + tail.length;
    return {
      bytes: this.#bytes,
      lines: this.#lines + (this.#endsOpen ? 1 : 0),
      sha256: this.#hash.digest("hex"),
      head: head.toString("utf8"),
      tail: (isWhole ? tail : tail.subarray(Math.max(0, tail.length - tailBytes))).toString("utf8"),
      whole: isWhole ? Buffer.concat([head, tail]).toString("utf8") : null,
      binary: head.subarray(0, 4_096).includes(0),
    };
  }
}
