import { createSign } from "node:crypto";

/** The JWT an App authenticates itself with, valid for nine minutes from `now` (ms). */
export function signAppJwt(appId: number, privateKey: string, now: number): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const seconds = Math.floor(now / 1000);
  const unsigned = `${encode({ alg: "RS256", typ: "JWT" })}.${encode({ iss: appId, iat: seconds - 30, exp: seconds + 540 })}`;
  return `${unsigned}.${createSign("RSA-SHA256").update(unsigned).sign(privateKey, "base64url")}`;
}
