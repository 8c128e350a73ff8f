import { z } from "zod";
import type { RepositoryName } from "../domain/trigger.ts";
import type { GitHub } from "./client.ts";
import { ensureOnce, ensureSet, type IntentLog } from "./ensure-once.ts";
import { cutTo, maxBodyLength } from "./marker.ts";

const Issue = z.object({
  number: z.int(),
  body: z.string().nullish(),
  user: z.object({ login: z.string() }).nullish(),
  pull_request: z.unknown().optional(),
});

export interface OwnIssueSpec {
  repository: RepositoryName;
  /** First line of the body, by which the issue is found again; never trusted without the author. */
  marker: string;
  title: string;
  /** Markdown that begins with the marker. */
  body: string;
  authors: readonly string[];
  /** False edits an issue that is there and makes none. */
  mayCreate: boolean;
  log: IntentLog;
}

/** The one issue with this marker: found, also when a person closed it, or created; edited only where it differs. */
export async function ensureOwnIssue(
  github: GitHub,
  spec: OwnIssueSpec,
): Promise<{ kind: "created" | "edited" | "unchanged"; number: number } | { kind: "absent" }> {
  const body = cutTo(spec.body, maxBodyLength);
  const before = await findOwnIssue(github, spec);
  if (!before && !spec.mayCreate) return { kind: "absent" };
  if (!before) {
    const made = await ensureOnce(github, spec.log, {
      key: "own_issue",
      op: "create_issue",
      args: { marker: spec.marker },
      find: () => findOwnIssue(github, spec),
      act: async () => {
        const { data } = await github.write<unknown>("POST /repos/{owner}/{repo}/issues", {
          ...spec.repository,
          title: spec.title,
          body,
        });
        return Issue.parse(data);
      },
      idOf: ({ number }) => String(number),
    });
    return { kind: "created", number: made.number };
  }
  if (before.body === body) return { kind: "unchanged", number: before.number };
  await ensureSet(github, () =>
    github.write("PATCH /repos/{owner}/{repo}/issues/{issue_number}", {
      ...spec.repository,
      issue_number: before.number,
      body,
    }),
  );
  return { kind: "edited", number: before.number };
}

/** Baton's own issue with this marker, the oldest, or null. */
export async function findOwnIssue(
  github: GitHub,
  spec: Pick<OwnIssueSpec, "repository" | "marker" | "authors">,
): Promise<z.infer<typeof Issue> | null> {
  for (const creator of spec.authors) {
    const raw = await github.list<unknown>(
      "/repos/{owner}/{repo}/issues",
      { ...spec.repository, state: "all", creator, sort: "created", direction: "asc" },
      10,
    );
    for (const value of raw) {
      const { data } = Issue.safeParse(value);
      if (data && !data.pull_request && data.user?.login === creator && data.body?.startsWith(spec.marker)) return data;
    }
  }
  return null;
}
