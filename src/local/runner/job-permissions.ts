import type { JobPermissions } from "../github/actions.ts";
import type { RunContext } from "./job-context.ts";
import type { JobSpec } from "./read-workflow.ts";

const scopes = [
  "actions",
  "checks",
  "contents",
  "deployments",
  "discussions",
  "issues",
  "packages",
  "pages",
  "pull-requests",
  "security-events",
  "statuses",
];

/** The rights of a job's token: the job's, else the workflow's, else the restricted default; a fork's token only reads. */
export function jobPermissions(run: Pick<RunContext, "workflow" | "untrusted">, spec: JobSpec): JobPermissions {
  const wanted = spec.permissions ?? run.workflow.permissions ?? { contents: "read", packages: "read" };
  const named =
    typeof wanted === "string"
      ? Object.fromEntries(scopes.map((scope) => [scope, wanted.replace("-all", "")]))
      : wanted;
  const granted: JobPermissions = { metadata: "read" };
  for (const [name, level] of Object.entries(named)) {
    if (level === "none") continue;
    granted[name.replaceAll("-", "_")] = level === "write" && !run.untrusted ? "write" : "read";
  }
  return granted;
}
