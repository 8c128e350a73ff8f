import type { Event, EventData } from "../domain/event.ts";
import { renderUsd } from "../domain/limits.ts";
import type { Part, Row } from "./read-view.ts";

type BareRow = Pick<Row, "kind" | "title" | "facts" | "bad" | "parts" | "weight">;

/** One event as a row of the trace; null for events that only other rows need. Tool calls are parts of their turn. */
export function readRow(event: Event, diffs: ReadonlyMap<string, string>): BareRow | null {
  switch (event.type) {
    case "session_started":
      return row("run", `Session ${event.data.session} started: ${event.data.request.title}`, {
        parts: [part("request", event.data.request.body)],
      });
    case "run_claimed":
      return row(
        "run",
        `Run ${event.data.epoch} started by ${event.data.trigger}${event.data.actor ? ` of ${event.data.actor}` : ""}`,
        {
          weight: "head",
          facts: [`up to ${event.data.limits.turns} turns`, `up to ${renderUsd(event.data.limits.usd_micro)}`],
          parts: [part("walls", event.data.walls), part("identity", event.data.identity)],
        },
      );
    case "run_ended":
      return row("run", `Run ended: ${event.data.stop_reason}`, {
        parts: [part("why", event.data.text)],
        facts: [event.data.progress ? "progress" : "no progress"],
      });
    case "setup_ran":
      return setup(event.data);
    case "network_refused":
      return row("blocked", `Network refused: ${event.data.hosts.slice(0, 5).join(", ")}`, {
        parts: [part("blocked hosts", event.data.hosts.join("\n"), "bad")],
      });
    case "context_opened":
      return row(
        "run",
        `Context ${event.data.context} opened: ${event.data.role}${event.data.criterion ? ` on ${event.data.criterion}` : ""}`,
        {
          weight: "head",
          facts: [event.data.model],
          parts: [
            part("first message", event.data.first_message),
            part("system", event.data.system, "quiet"),
            part("tools", JSON.stringify(event.data.tools, null, 1) ?? "", "quiet"),
          ],
        },
      );
    case "context_closed":
      return contextClosed(event.data);
    case "reply_received":
      return reply(event.data);
    case "request_failed":
      return row(
        "retry",
        `Request failed (attempt ${event.data.attempt})${event.data.will_retry ? `, tried again after ${renderDuration(event.data.delay_ms)}` : ", not tried again"}`,
        {
          bad: true,
          facts: [
            event.data.status === null ? "no answer" : `status ${event.data.status}`,
            event.data.cost_usd_micro > 0 ? `${renderUsd(event.data.cost_usd_micro)} assumed` : "",
          ],
          parts: [part("error", event.data.error, "bad")],
        },
      );
    case "message_added":
      return row(
        "nudge",
        `${event.data.kind}${event.data.rule ? ` (${event.data.rule})` : ""}: ${firstLine(event.data.text)}`,
        { parts: [part("text", event.data.text)] },
      );
    case "outputs_cleared":
      return row(
        "reset",
        `${event.data.calls.length} old outputs cleared, about ${event.data.freed_tokens} tokens freed`,
      );
    case "transcript_repaired":
      return row("reset", `Transcript repaired: ${firstLine(event.data.what)}`, {
        parts: [part("what", event.data.what)],
      });
    case "work_restarted":
      return row("reset", "Work restarted from the base", {
        bad: true,
        parts: [part("why", event.data.why)],
        facts: [short(event.data.tree)],
      });
    case "policy_enforced":
      return row(
        "blocked",
        `${event.data.action.replace("_", " ")}: ${event.data.paths.slice(0, 3).join(", ")}${event.data.paths.length > 3 ? ", …" : ""}`,
        {
          bad: true,
          parts: [part("why", event.data.reason), part("paths", event.data.paths.join("\n"), "bad")],
        },
      );
    case "push_refused":
      return row("blocked", `The remote refused a push (${event.data.why})`, {
        bad: true,
        parts: [
          part("left out", event.data.left_out.map(({ path }) => path).join("\n"), "bad"),
          part("what it said", event.data.detail),
        ],
      });
    case "contract_refused":
      return row("blocked", `Contract refused: ${firstLine(event.data.reasons[0] ?? "")}`, {
        bad: true,
        parts: [part("reasons", event.data.reasons.join("\n"), "bad")],
      });
    case "contract_frozen":
      return row("verdict", `Contract frozen: ${event.data.contract.criteria.length} criteria`, {
        facts: [short(event.data.sha256)],
        parts: [
          part(
            "criteria",
            event.data.contract.criteria
              .map((c) => `${c.id}${c.must ? "" : " (optional)"} ${c.text}\n    ${JSON.stringify(c.oracle)}`)
              .join("\n"),
          ),
          part("summary", event.data.contract.summary),
        ],
      });
    case "already_satisfied":
      return row("verdict", "The base already does what was asked", {
        parts: [part("summary", event.data.summary, "good")],
      });
    case "work_finished":
      return row("verdict", `The worker claims to be done: ${firstLine(event.data.summary)}`, {
        facts: [short(event.data.tree)],
        parts: [part("summary", event.data.summary)],
      });
    case "questions_asked":
      return row("person", `${event.data.by} asks: ${firstLine(event.data.questions[0] ?? "")}`, {
        parts: [part("questions", event.data.questions.join("\n"))],
      });
    case "verdict_given":
      return verdict(event.data);
    case "work_sent_back":
      return row("verdict", `Work sent back: ${event.data.criteria.join(", ")}`, {
        bad: true,
        parts: [part("feedback", event.data.feedback, "bad")],
      });
    case "work_committed":
      return row("checkpoint", `Committed ${short(event.data.commit)}: ${firstLine(event.data.message)}`, {
        facts: diffFacts(diffs, event.data.commit),
        parts: [part("message", event.data.message), ...diffPart(diffs, event.data.commit)],
      });
    case "human_commits_found":
      return row(
        "person",
        `${event.data.commits.length} commits of people ${event.data.merged ? "merged" : "in conflict"}`,
        { bad: !event.data.merged, parts: [part("conflicts", event.data.conflict.join("\n"), "bad")] },
      );
    case "checkpoint_pushed":
      return row("checkpoint", `Checkpoint ${short(event.data.checkpoint)} is on the remote`, {
        ...(diffs.has(event.data.checkpoint) ? {} : { weight: "minor" }),
        facts: [
          ...diffFacts(diffs, event.data.checkpoint),
          renderDuration(event.data.ms),
          `covers ${renderUsd(event.data.allowance_usd_micro)}`,
        ],
        parts: diffPart(diffs, event.data.checkpoint),
      });
    case "command_read":
      return row(
        "person",
        `${event.data.actor}: /${event.data.command.name}${"text" in event.data.command && event.data.command.text ? ` ${firstLine(event.data.command.text)}` : ""}`,
        {
          parts: "text" in event.data.command ? [part("text", event.data.command.text)] : [],
        },
      );
    case "write_done":
      return row("published", `${event.data.op}: ${event.data.id}`, { facts: [event.data.key] });
    case "day_allowance":
      return row(
        "run",
        `Day's ledger ${event.data.day}: ${renderUsd(event.data.reserved_usd_micro)} reserved, ${renderUsd(event.data.returned_usd_micro)} returned`,
      );
    case "warned":
      return row("warning", firstLine(event.data.text), { bad: true, parts: [part("text", event.data.text)] });
    default:
      return null;
  }
}

function row(kind: Row["kind"], title: string, rest: Partial<BareRow> = {}): BareRow {
  const { facts = [], bad = false, parts = [], weight } = rest;
  return {
    ...(weight ? { weight } : {}),
    kind,
    title: title.slice(0, 300),
    facts: facts.filter(Boolean),
    bad,
    parts: parts.filter((p) => p.text !== ""),
  };
}

function part(label: string, text: string, tone?: Part["tone"]): Part {
  return tone ? { label, text, tone } : { label, text };
}

function diffPart(diffs: ReadonlyMap<string, string>, hash: string): Part[] {
  const patch = diffs.get(hash);
  return patch === undefined ? [] : [part("diff", patch)];
}

/** Files and lines of a patch, as `git diff --shortstat` would count them. */
function diffFacts(diffs: ReadonlyMap<string, string>, hash: string): string[] {
  const lines = diffs.get(hash)?.split("\n");
  if (!lines) return [];
  const count = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;
  const files = count(/^diff --git /);
  return [`${files} ${files === 1 ? "file" : "files"} +${count(/^\+(?!\+\+ )/)} −${count(/^-(?!-- )/)}`];
}

function setup(data: EventData<"setup_ran">): BareRow {
  const hosts = data.blocked_hosts.length > 0 ? [part("blocked hosts", data.blocked_hosts.join("\n"), "bad")] : [];
  return row(
    data.blocked_hosts.length > 0 ? "blocked" : "run",
    `Set-up ${data.ok ? "ran" : "failed"}: ${data.commands.map((c) => c.command).join(" · ") || "nothing to do"}`,
    {
      bad: !data.ok,
      facts: [data.because || (data.guessed ? "guessed" : "from the policy")],
      parts: [
        ...hosts,
        ...data.commands.map((c) =>
          part(
            `${c.command} · exit ${c.exit ?? "none"} · ${renderDuration(c.duration_ms)}`,
            c.tail,
            c.exit === 0 ? "good" : "bad",
          ),
        ),
      ],
    },
  );
}

function contextClosed(data: EventData<"context_closed">): BareRow {
  const kind = ["handoff", "reset", "ceiling"].includes(data.end)
    ? "reset"
    : ["stuck", "refused", "bad_tool_calls", "api_error", "output_truncated"].includes(data.end)
      ? "warning"
      : "run";
  return row(kind, `Context ${data.context} closed: ${data.end}`, {
    bad: kind === "warning",
    facts: data.criteria.length > 0 ? [`claims ${data.criteria.join(", ")}`] : [],
    parts: [part("why", data.reason), part("handoff", data.handoff ? JSON.stringify(data.handoff, null, 1) : "")],
  });
}

function reply(data: EventData<"reply_received">): BareRow {
  const blocks = Array.isArray(data.content) ? (data.content as Record<string, unknown>[]) : [];
  const parts: Part[] = [];
  for (const block of blocks) {
    if (block?.type === "text" && typeof block.text === "string") parts.push(part("says", block.text));
    else if (block?.type === "thinking" && typeof block.thinking === "string")
      parts.push(part("thinks", block.thinking, "quiet"));
    else if (block?.type !== "tool_use")
      parts.push(part(String(block?.type ?? "content"), JSON.stringify(block) ?? "", "quiet"));
  }
  const says = parts.find((p) => p.label === "says")?.text ?? "";
  const { usage } = data;
  return row("turn", firstLine(says).slice(0, 120), {
    facts: [
      renderUsd(data.cost_usd_micro),
      renderDuration(data.duration_ms),
      `${usage.output} out`,
      data.stop_reason === "tool_use" || data.stop_reason === "end_turn" ? "" : (data.stop_reason ?? "no stop reason"),
    ],
    parts: [
      ...parts,
      part(
        "usage",
        `${data.model}: ${usage.input} uncached, ${usage.cache_read} read from cache, ${usage.cache_write_5m + usage.cache_write_1h} written to cache, ${usage.output} out`,
        "quiet",
      ),
    ],
  });
}

function verdict(data: EventData<"verdict_given">): BareRow {
  const { outcome, criteria, findings, evidence, judged_by } = data.verdict;
  return row(
    "verdict",
    `Verdict, round ${data.round}: ${outcome} (${criteria.filter((c) => c.verdict === "pass").length} of ${criteria.length} criteria pass)`,
    {
      bad: outcome !== "pass",
      ...(outcome === "pass" ? { weight: "good" } : {}),
      facts: [judged_by ?? "oracles only", short(data.verdict.tree)],
      parts: [
        part(
          "criteria",
          criteria.map((c) => `${c.id} ${c.verdict} (${c.decided_by}) ${c.reason}`).join("\n"),
          outcome === "pass" ? "good" : "bad",
        ),
        part(
          "findings",
          findings
            .map((f) => `${f.severity} ${f.rule}${f.file ? ` ${f.file}${f.line ? `:${f.line}` : ""}` : ""} ${f.text}`)
            .join("\n"),
          "bad",
        ),
        ...evidence.map((e) =>
          part(
            `${e.id} ${e.kind} · ${e.command} · ${e.outcome} · exit ${e.attempts.join(", ")} · ${renderDuration(e.duration_ms)}`,
            e.tail || "(no output)",
            e.outcome === "pass" ? "good" : "bad",
          ),
        ),
      ],
    },
  );
}

function firstLine(text: string): string {
  return text.trimStart().split("\n", 1)[0]!.slice(0, 200);
}

/** A time in words, as short as it may be: `0.4 s`, `3 min 20 s`. */
export function renderDuration(ms: number): string {
  return ms < 60_000
    ? `${(ms / 1_000).toFixed(1)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

function short(hash: string): string {
  return hash.slice(0, 10);
}
