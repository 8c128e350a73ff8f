import { z } from "zod";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "./client.ts";
import { ensureOnce, ensureSet, type IntentLog } from "./ensure-once.ts";
import { cutTo, maxCheckTextLength } from "./marker.ts";
import { statusOf } from "./outcome.ts";

const CheckRun = z.object({
  id: z.int(),
  name: z.string(),
  external_id: z.string().nullish(),
  html_url: z.string().nullish(),
  status: z.string(),
});
export type CheckRun = z.infer<typeof CheckRun>;

export interface CheckRunSpec {
  repository: RepositoryName;
  sha: string;
  name: string;
  /** Ours to use as a key (row 18), together with name and sha. */
  externalId: string;
  /** null: still in progress. */
  conclusion: "success" | "failure" | "neutral" | null;
  title: string;
  summary: string;
  text: string;
  detailsUrl?: string | null;
  log: IntentLog;
}

/** The one check run of a name on a commit: created or updated; where another identity owns it, one of our own. */
export async function ensureCheckRun(github: GitHub, spec: CheckRunSpec): Promise<{ id: number }> {
  const before = await find(github, spec, null);
  const made = before ?? (await createCheckRun(github, spec, null));
  if (!before) return { id: made.id };
  try {
    await ensureSet(github, () =>
      github.write("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", {
        ...spec.repository,
        check_run_id: before.id,
        ...content(spec),
      }),
    );
    return { id: before.id };
  } catch (error) {
    // Only the App that created a check run may change it (row 71).
    if (statusOf(error) !== 403) throw error;
    return { id: (await createCheckRun(github, spec, before.id)).id };
  }
}

function createCheckRun(github: GitHub, spec: CheckRunSpec, not: number | null): Promise<CheckRun> {
  return ensureOnce<CheckRun>(github, spec.log, {
    key: `check_run:${spec.sha}`,
    op: "create_check_run",
    args: { name: spec.name, sha: spec.sha, external_id: spec.externalId },
    find: () => find(github, spec, not),
    act: async () => {
      const { data } = await github.write<unknown>("POST /repos/{owner}/{repo}/check-runs", {
        ...spec.repository,
        name: spec.name,
        head_sha: spec.sha,
        external_id: spec.externalId,
        ...content(spec),
      });
      return CheckRun.parse(data);
    },
    idOf: (run) => String(run.id),
  });
}

async function find(github: GitHub, spec: CheckRunSpec, not: number | null): Promise<CheckRun | null> {
  const runs = await github.list<unknown>("/repos/{owner}/{repo}/commits/{ref}/check-runs", {
    ...spec.repository,
    ref: spec.sha,
    check_name: spec.name,
  });
  const own = runs
    .flatMap((value) => {
      const run = CheckRun.safeParse(value);
      return run.success ? [run.data] : [];
    })
    .filter((run) => run.name === spec.name && run.external_id === spec.externalId && run.id !== not);
  // The newest is the one that a change of identity left us with.
  return own.sort((a, b) => b.id - a.id)[0] ?? null;
}

function content(spec: CheckRunSpec): { [field: string]: unknown } {
  const state =
    spec.conclusion === null ? { status: "in_progress" } : { status: "completed", conclusion: spec.conclusion };
  const output = {
    title: cutTo(spec.title, 255, "…"),
    summary: cutTo(spec.summary, maxCheckTextLength),
    text: cutTo(spec.text, maxCheckTextLength),
  };
  return { ...state, output, ...(spec.detailsUrl ? { details_url: spec.detailsUrl } : {}) };
}
