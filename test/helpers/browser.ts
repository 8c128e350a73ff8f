import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** A real browser of this machine, or undefined. */
export const browserPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);
export const noBrowser = "no chromium here; `npm run setup -- --browser` installs Debian's";

/** It is not caged: it shows only pages of ours, and a container has neither namespaces nor much shared memory for its cage. */
export function launchBrowser(): Promise<Browser> {
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  return chromium.launch({ ...(browserPath && { executablePath: browserPath }), args, timeout: 90_000 });
}
