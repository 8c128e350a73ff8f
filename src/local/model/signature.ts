import { createHmac } from "node:crypto";

/** Fixed, so that a restarted server still knows the thinking it once signed. */
const signingKey = "baton scripted model";

/** The signature of a thinking block: any change of its text spoils it. */
export function signThinking(thinking: string): string {
  return createHmac("sha256", signingKey).update(thinking).digest("base64");
}
