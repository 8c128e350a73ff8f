import type { Event } from "../domain/event.ts";
import { renderUsd } from "../domain/limits.ts";

/** Most columns of a plot: what a phone shows without scrolling. */
const columns = 60;
const bars = "▁▂▃▄▅▆▇█";

/** How a session went, turn by turn, as text that any page shows; empty before the second turn. */
export function renderCourse(events: readonly Event[]): string {
  const turns = events.filter((event) => event.type === "reply_received");
  if (turns.length < 2) return "";
  const prompts = turns.map(
    ({ data: { usage } }) => usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h,
  );
  const spend = turns.map(({ data }) => data.cost_usd_micro);
  const passed = countPassed(events);
  const rows = [
    ["spend of a turn", drawBars(spend), `up to ${renderUsd(Math.max(...spend))}`],
    ["prompt, tokens", drawBars(prompts), `up to ${Math.max(...prompts).toLocaleString("en")}`],
    ["criteria passed", drawBars(passed), `${passed.at(-1)} at the end`],
  ];
  const lines = rows.map(([name, plot, note]) => `${name!.padEnd(16)} ${plot}  ${note}`);
  return `### Course over ${turns.length} turns\n\n\`\`\`text\n${lines.join("\n")}\n\`\`\``;
}

/** Criteria that the newest verdict had passed, at each turn. */
function countPassed(events: readonly Event[]): number[] {
  const counts: number[] = [];
  let passed = 0;
  for (const event of events) {
    if (event.type === "verdict_given")
      passed = event.data.verdict.criteria.filter(({ verdict }) => verdict === "pass").length;
    if (event.type === "verdict_given" && counts.length > 0) counts[counts.length - 1] = passed;
    if (event.type === "reply_received") counts.push(passed);
  }
  return counts;
}

/** One bar per turn; of more turns than columns the highest of each slice, so that no peak is lost. */
function drawBars(values: readonly number[]): string {
  const width = Math.min(columns, values.length);
  const slices = Array.from({ length: width }, (_, at) =>
    Math.max(...values.slice(Math.floor((at * values.length) / width), Math.ceil(((at + 1) * values.length) / width))),
  );
  const most = Math.max(1, ...slices);
  return slices.map((value) => bars[Math.round((value / most) * (bars.length - 1))]).join("");
}
