import { z } from "zod";
import { type SessionKey, sessionRefOf } from "../domain/session-key.ts";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "../github/client.ts";
import { readLine } from "../session/journal-line.ts";
import { findRef, loadText } from "./session-facts.ts";

/** One thing that the evaluator did not let pass, with the rule or criterion it failed by. */
export interface Refusal {
  rule: string;
  text: string;
}

// Long texts lie beside the journal; a refusal whose reason was that long is named by its rule alone.
const text = z.string().catch("");
const VerdictGiven = z.object({
  verdict: z.object({
    outcome: text,
    criteria: z.array(z.object({ id: text, verdict: text, reason: text })).catch([]),
    findings: z.array(z.object({ rule: text, severity: text, text })).catch([]),
  }),
});

/** What the evaluator refused in a session on the days from … to (`yyyy-mm-dd`), read from the journal on the remote. */
export async function fetchRefusals(
  github: GitHub,
  repository: RepositoryName,
  session: SessionKey,
  days: { from: string; to: string },
): Promise<Refusal[]> {
  const sha = await findRef(github, repository, sessionRefOf(session));
  if (!sha) return [];
  const names = await github.find<{ name?: string }[]>("/repos/{owner}/{repo}/contents/{+path}", {
    ...repository,
    path: "session/journal",
    ref: sha,
  });
  const refusals: Refusal[] = [];
  for (const { name } of Array.isArray(names) ? names : []) {
    if (!name?.endsWith(".jsonl")) continue;
    const segment = (await loadText(github, repository, sha, `session/journal/${name}`)) ?? "";
    refusals.push(...segment.split("\n").flatMap((line) => readRefusals(line, days)));
  }
  return refusals;
}

/** Refusals of one journal line; none for every other event, a verdict that passed, or another day. */
export function readRefusals(line: string, days: { from: string; to: string }): Refusal[] {
  if (!line.includes('"verdict_given"')) return [];
  const found = readLine(line);
  if (found.kind === "damaged" || found.line.type !== "verdict_given") return [];
  const day = found.line.at.slice(0, 10);
  const parsed = VerdictGiven.safeParse(found.line.data);
  if (day < days.from || day > days.to || !parsed.success || parsed.data.verdict.outcome === "pass") return [];
  const { criteria, findings } = parsed.data.verdict;
  return [
    ...criteria
      .filter(({ verdict }) => verdict === "fail")
      .map(({ id, reason }) => ({ rule: `criterion ${id}`, text: reason })),
    ...findings.filter(({ severity }) => severity === "blocker").map(({ rule, text }) => ({ rule, text })),
  ];
}
