import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { renderTrace } from "../src/trace/render-trace.ts";
import { browserPath, launchBrowser, noBrowser } from "../test/helpers/browser.ts";
import { sessionOf } from "../test/trace/journal-fixture.ts";
import { makeFigure, type Part } from "./kit/figure.ts";

/** The trace of a long session, opened in a real browser. */
export const part: Part = {
  name: "trace",
  summary: "a session of 10,000 events: written as a trace, opened and searched in headless Chromium (P14)",
  budget: 90,
  async run({ full }) {
    if (!browserPath) return { figures: [], notes: [noBrowser] };
    const events = sessionOf(10_000);
    const dir = await mkdtemp(join(tmpdir(), "baton-bench-"));
    const browser = await launchBrowser();
    try {
      const renders: number[] = [];
      const opens: Opened[] = [];
      const file = join(dir, "trace.html");
      for (let round = 0; round < (full ? 15 : 5); round += 1) {
        const started = performance.now();
        await writeFile(file, renderTrace(events));
        renders.push(performance.now() - started);
        opens.push(await openTrace(browser, pathToFileURL(file).href));
      }
      const figure = (id: string, values: number[], goal: string | null = null) =>
        makeFigure({ id, values, unit: "ms", goal });
      return {
        figures: [
          figure("P14.trace_write_ms", renders),
          figure(
            "P14.trace_open_ms",
            opens.map(({ readyMs }) => readyMs),
            "<=2000",
          ),
          figure(
            "P14.trace_open_cpu_ms",
            opens.map(({ cpuMs }) => cpuMs),
          ),
          figure(
            "P14.trace_search_ms",
            opens.map(({ foundMs }) => foundMs),
          ),
        ],
        notes: [`${events.length} events`],
      };
    } finally {
      await browser.close();
      await rm(dir, { recursive: true, force: true });
    }
  },
};

interface Opened {
  /** From the address to a page that is drawn and takes keys. */
  readyMs: number;
  /** CPU of the page's own thread until then. */
  cpuMs: number;
  /** From the last letter of a search to the one row that holds it. */
  foundMs: number;
}

async function openTrace(browser: Browser, url: string): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } });
  const tools = await page.context().newCDPSession(page);
  await tools.send("Performance.enable", { timeDomain: "threadTicks" });
  const started = performance.now();
  await page.goto(url);
  await page.waitForSelector("html[data-ready]");
  const readyMs = performance.now() - started;
  const { metrics } = await tools.send("Performance.getMetrics");
  const cpuMs = 1_000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN);
  const typed = performance.now();
  await page.fill("input[type=search]", "step 2000:");
  // The page's own policy forbids what a wait within it would need.
  while ((await page.locator(".row:not([hidden])").count()) !== 1) await page.waitForTimeout(10);
  const foundMs = performance.now() - typed;
  await page.close();
  return { readyMs, cpuMs, foundMs };
}
