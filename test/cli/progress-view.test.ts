import { describe, expect, it } from "vitest";
import { cutLine, plainText } from "../../src/cli/plain-text.ts";
import { createProgressView } from "../../src/cli/progress-view.ts";
import type { Event } from "../../src/domain/event.ts";
import type { State } from "../../src/domain/state.ts";
import { createFakeTerminal } from "./fake-terminal.ts";

const state = {
  contract: {},
  criteria: [{ status: "pass" }, { status: "claimed" }, { status: "open" }],
  runs: [
    {
      started_at: new Date(0).toISOString(),
      limits: { usd_micro: 3_000_000 },
      spend: { turns: 12, usd_micro: 410_000 },
    },
  ],
  spend: { total: { usd_micro: 410_000 }, open_reservation: null },
} as unknown as State;

const tool = (command: string) =>
  ({ type: "tool_started", role: "worker", data: { tool: "bash", input: { command } } }) as Event;
const warned = (text: string) => ({ type: "warned", role: "harness", data: { text } }) as Event;
const now = (): number => 130_000;

/** What stands on the last line of a terminal after these bytes. */
function lastLine(text: string): string {
  return text
    .split("\n")
    .at(-1)!
    .split("\r\u001b[2K")
    .at(-1)!
    .replaceAll(/\u001b\[\d+m/g, "");
}

describe("the live line", () => {
  it("shows criteria, turns, money, time and what goes on", () => {
    const terminal = createFakeTerminal({ isInteractive: true, columns: () => 120 });
    const view = createProgressView(terminal, { quiet: false, now });
    view.show(tool("npm test"), state);
    expect(lastLine(terminal.written.err)).toBe(
      "1/3 verified, 1 claimed · 12 turns · $0.4100 of $3.00 · 2m 10s · bash npm test",
    );
    view.end();
  });

  it("never fills the last column, however narrow the terminal", () => {
    for (const width of [20, 40, 80]) {
      const terminal = createFakeTerminal({ isInteractive: true, columns: () => width });
      const view = createProgressView(terminal, { quiet: false, now });
      view.show(tool("x".repeat(300)), state);
      expect(lastLine(terminal.written.err).length).toBeLessThan(width);
      view.end();
    }
  });

  it("makes room for lines, comes back after them, and goes at the end", () => {
    const terminal = createFakeTerminal({ isInteractive: true });
    const view = createProgressView(terminal, { quiet: false, now });
    view.show(tool("npm test"), state);
    view.show(warned("something"), state);
    expect(terminal.written.err).toContain("\r\u001b[2Kwarning: something\n");
    expect(lastLine(terminal.written.err)).toContain("12 turns");
    view.end();
    expect(terminal.written.err.endsWith("\r\u001b[2K")).toBe(true);
    const length = terminal.written.err.length;
    view.end();
    expect(terminal.written.err.length).toBe(length);
  });

  it("is not drawn where nobody can redraw it: plain lines only", () => {
    const terminal = createFakeTerminal();
    const view = createProgressView(terminal, { quiet: false, now });
    view.show(tool("npm test"), state);
    view.show(warned("something"), state);
    view.end();
    expect(terminal.written.err).toBe("warning: something\n");
  });

  it("uses no colour under NO_COLOR", () => {
    const terminal = createFakeTerminal({ isInteractive: true, env: { NO_COLOR: "1" } });
    const view = createProgressView(terminal, { quiet: false, now });
    view.show(tool("npm test"), state);
    expect(terminal.written.err).not.toContain("\u001b[2m");
    view.end();
  });

  it("shows no control character that somebody else wrote", () => {
    const terminal = createFakeTerminal({ isInteractive: true });
    const view = createProgressView(terminal, { quiet: false, now });
    view.show(warned("a\u001b[2J\u009b31mb\u202ec"), state);
    view.end();
    expect(terminal.written.err).toContain("warning: a�[2J�31mb�c\n");
    expect(plainText("tab\tand\nline")).toBe("tab\tand\nline");
    expect(cutLine("one\n two", 7)).toBe("one two");
    expect(cutLine("one two", 6)).toBe("one t…");
  });
});
