import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderTrace } from "../../src/trace/render-trace.ts";
import { hostileTexts } from "../fixtures/hostile-texts.ts";
import { browserPath, launchBrowser, noBrowser } from "../helpers/browser.ts";
import { sessionOf } from "./journal-fixture.ts";

const why = browserPath ? "" : ` (skipped: ${noBrowser})`;

describe.skipIf(!browserPath)(`the trace in a real browser${why}`, { timeout: 400_000 }, () => {
  let browser: Browser;
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "baton-trace-"));
    browser = await launchBrowser();
  }, 400_000);

  afterAll(async () => {
    await browser?.close();
    await rm(dir, { recursive: true, force: true });
  });

  /** Opens a trace as a file; collects every problem the page reports and every request it makes. */
  async function openTrace(
    html: string,
    hash = "",
    width = 1_280,
  ): Promise<{ page: Page; problems: string[]; requests: string[] }> {
    const file = join(dir, `${Math.random().toString(36).slice(2)}.html`);
    await writeFile(file, html);
    const context = await browser.newContext({ viewport: { width, height: 900 } });
    const page = await context.newPage();
    const problems: string[] = [];
    const requests: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => problems.push(message.text()));
    page.on("dialog", (dialog) => void dialog.dismiss().then(() => problems.push("dialog")));
    page.on("request", (request) => requests.push(request.url()));
    await page.exposeFunction("batonHit", () => problems.push("hostile script ran"));
    await page.goto(`${pathToFileURL(file).href}${hash}`);
    await page.waitForSelector("html[data-ready]");
    return { page, problems, requests };
  }

  it("draws head, charts, criteria and rows without a complaint of its own policy", async () => {
    const { page, problems, requests } = await openTrace(renderTrace(sessionOf(400)));
    expect(await page.textContent("h1")).toBe("The parser drops the last line");
    expect(await page.locator(".chart").count()).toBe(4);
    expect(await page.locator(".row").count()).toBeGreaterThan(90);
    expect(problems).toEqual([]);
    expect(requests).toHaveLength(1);
    await page.context().close();
  });

  it("shows every hostile text as text: nothing runs, nothing loads, nothing is drawn from it", async () => {
    const { page, problems, requests } = await openTrace(renderTrace(sessionOf(1_400, hostileTexts)));
    // A filter fills every chunk.
    await page.click("[data-kind=published]");
    await expect.poll(() => page.locator(".chunk:not([data-full]):not([hidden])").count(), { timeout: 30_000 }).toBe(0);
    await page.evaluate("for (const head of document.querySelectorAll('.head')) head.click()");
    await page.evaluate("for (const part of document.querySelectorAll('.body details')) part.open = true");
    await page.waitForTimeout(300);
    expect(
      await page
        .locator("img, iframe, object, embed, video, form, link, base, main script, main style, [onerror], [onload]")
        .count(),
    ).toBe(0);
    expect(await page.locator("a[href^='javascript'], a[href^='data']").count()).toBe(0);
    const body = (await page.textContent("main"))!;
    expect(body).toContain("<img src=x onerror=batonHit()>");
    expect(body).toContain("U+202E");
    expect(problems).toEqual([]);
    expect(requests).toHaveLength(1);
    await page.context().close();
  });

  it("opens the turn that a deep link names", async () => {
    const { page } = await openTrace(renderTrace(sessionOf(400)), "#t30");
    expect(await page.locator(".row.here .n").textContent()).toBe("#30");
    expect(await page.locator(".row.here .body").count()).toBe(1);
    await page.context().close();
  });

  it("searches, filters by kind and walks by keyboard", async () => {
    const { page } = await openTrace(renderTrace(sessionOf(400)));
    await page.fill("input[type=search]", "also handle the empty case");
    await expect.poll(() => page.locator(".row:not([hidden])").count(), { timeout: 30_000 }).toBe(1);
    await page.keyboard.press("Escape");
    const verdicts = await page.locator("[data-kind=verdict]").textContent();
    await page.click("[data-kind=verdict]", { modifiers: ["Shift"] });
    expect(await page.locator(".row:not([hidden])").count()).toBe(Number(verdicts!.split(" ")[1]));
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("o");
    expect(await page.locator(".row .body").count()).toBe(1);
    await page.context().close();
  });

  it("fits a phone without scrolling sideways", async () => {
    const { page } = await openTrace(renderTrace(sessionOf(400)), "#t12", 360);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
    await page.context().close();
  });

  it("draws a session of 10,000 events whole", async () => {
    const events = sessionOf(10_000);
    expect(events.length).toBeGreaterThanOrEqual(10_000);
    const { page, problems } = await openTrace(renderTrace(events));
    expect(await page.locator(".row").count()).toBeLessThan(1_000);
    await page.keyboard.press("G");
    expect(await page.locator(".row.here .t").textContent()).toBe("Run ended: done");
    await page.fill("input[type=search]", "step 2000:");
    await expect.poll(() => page.locator(".row:not([hidden])").count(), { timeout: 30_000 }).toBe(1);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});
