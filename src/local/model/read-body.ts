import type { IncomingMessage } from "node:http";
import { WireError } from "./wire.ts";

/** Largest request of the Messages API, bytes. */
const maxBodyBytes = 32 * 1024 * 1024;

/** Reads a request body; 413 above the API's 32 MB. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size <= maxBodyBytes) chunks.push(chunk as Buffer);
  }
  if (size > maxBodyBytes) throw new WireError(413, "request_too_large", "Request exceeds the maximum size");
  return Buffer.concat(chunks);
}
