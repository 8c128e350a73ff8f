import type { WorkflowRun } from "./actions.ts";
import { diffFiles, runGit } from "./git.ts";
import { escapeHtml, renderMarkdown } from "./markdown-html.ts";
import { isoTime } from "./present-account.ts";
import { labelsOf } from "./present-issue.ts";
import type { CheckRun, Issue, Repo } from "./records.ts";
import { accountOf, commentsOf, findIssue, findRepo, fullName, issuesOf } from "./store.ts";
import type { World } from "./world.ts";

/** A page for a browser. */
export interface Page {
  type: string;
  body: string;
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1f2328}
nav,small,.meta{color:#59636e}a{color:#0969da;text-decoration:none}pre{background:#f6f8fa;padding:.8rem;overflow:auto}
article{border:1px solid #d1d9e0;border-radius:6px;margin:1rem 0;padding:0 1rem}article>header{margin:0 -1rem;padding:.4rem 1rem;background:#f6f8fa;border-bottom:1px solid #d1d9e0}
.badge{border-radius:1rem;padding:.1rem .6rem;background:#dde3ea;font-size:.85em}table{border-collapse:collapse}td,th{border:1px solid #d1d9e0;padding:.25rem .6rem;text-align:left}
.open,.success{background:#1f883d;color:#fff}.closed,.failure{background:#cf222e;color:#fff}.merged{background:#8250df;color:#fff}.add{color:#116329}.del{color:#82071e}`;

/** The page of a path, or null when there is none. */
export async function renderPage(world: World, path: string): Promise<Page | null> {
  const log = /^\/_logs\/(\d+)\.txt$/.exec(path);
  if (log) return renderLog(world, Number(log[1]));
  if (path === "/") return page(world, "Repositories", renderRepos(world));
  const [, owner, name, section, first, second, third] = path.split("/").map(decodeURIComponent);
  const repo = findRepo(world.store, owner ?? "", name ?? "");
  if (!repo) return null;
  const body = await renderSection(world, repo, section ?? "", first ?? "", second ?? "", third ?? "");
  return body === null ? null : page(world, `${owner}/${name}`, `${renderNav(world, repo)}${body}`);
}

async function renderSection(world: World, repo: Repo, section: string, first: string, second: string, third: string) {
  const issue = /^\d+$/.test(first) ? findIssue(world.store, repo, Number(first)) : undefined;
  if ((section === "issues" || section === "pull") && issue) {
    return second === "files" ? renderFiles(repo, issue) : renderIssue(world, repo, issue);
  }
  if (section === "" || section === "issues" || section === "pulls") return renderLists(world, repo);
  if (section === "runs") return renderCheck(world, Number(first));
  if (section === "actions" && first === "runs") return renderRun(world, repo, Number(second), third);
  if (section === "actions") return renderRuns(world, repo);
  if (section === "commit") return renderPatch(repo, first);
  return null;
}

function page(_world: World, title: string, body: string): Page {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(title)}</title><style>${STYLE}</style>${body}</html>`;
  return { type: "text/html; charset=utf-8", body: html };
}

function renderLog(world: World, id: number): Page | null {
  const job = [...world.store.runs.values()].flatMap((run) => run.jobs).find((one) => one.id === id);
  return job ? { type: "text/plain; charset=utf-8", body: job.log } : null;
}

function link(href: string, text: string): string {
  return `<a href="${escapeHtml(href)}">${escapeHtml(text)}</a>`;
}

function badge(word: string): string {
  return `<span class="badge ${escapeHtml(word)}">${escapeHtml(word)}</span>`;
}

function renderRepos(world: World): string {
  const names = [...world.store.repos.values()].map((repo) => fullName(world.store, repo));
  return `<h1>Repositories</h1><ul>${names.map((name) => `<li>${link(`/${name}`, name)}</li>`).join("")}</ul>`;
}

function renderNav(world: World, repo: Repo): string {
  const name = fullName(world.store, repo);
  return `<nav>${link("/", "all")} · ${link(`/${name}`, name)} · ${link(`/${name}/actions`, "actions")}</nav>`;
}

function stateOf(issue: Issue): string {
  if (issue.pull?.mergedAt) return "merged";
  return issue.pull?.draft && issue.state === "open" ? "draft" : issue.state;
}

function renderLists(world: World, repo: Repo): string {
  const all = issuesOf(world.store, repo).reverse();
  const list = (issues: Issue[], kind: string) => {
    const rows = issues.map((issue) => {
      const href = `/${fullName(world.store, repo)}/${kind}/${issue.number}`;
      return `<li>${badge(stateOf(issue))} ${link(href, `#${issue.number} ${issue.title}`)}</li>`;
    });
    return `<ul>${rows.join("") || "<li>none</li>"}</ul>`;
  };
  const [pulls, issues] = [all.filter((one) => one.pull), all.filter((one) => !one.pull)];
  return `<h2>Issues</h2>${list(issues, "issues")}<h2>Pull requests</h2>${list(pulls, "pull")}`;
}

function renderIssue(world: World, repo: Repo, issue: Issue): string {
  const { store } = world;
  const labels = labelsOf(repo, issue).map((label) => `<span class="badge">${escapeHtml(label.name)}</span>`);
  const entries = [
    ...commentsOf(store, issue).map((one) => ({
      at: one.createdAt,
      html: renderPost(world, one.authorId, one.createdAt, one.body, one.lastEditedAt !== null),
    })),
    ...issue.events.map((one) => {
      const what = [one.event, one.label?.name ?? "", one.rename ? `${one.rename.from} → ${one.rename.to}` : ""].join(
        " ",
      );
      return {
        at: one.createdAt,
        html: `<p class="meta">${escapeHtml(accountOf(store, one.actorId).login)} ${escapeHtml(what)} · ${isoTime(one.createdAt)}</p>`,
      };
    }),
    ...[...store.reviews.values()]
      .filter((one) => one.issueId === issue.id)
      .map((one) => ({
        at: one.submittedAt ?? 0,
        html: renderPost(world, one.authorId, one.submittedAt ?? 0, `**${one.state}** ${one.body}`, false),
      })),
  ].sort((a, b) => a.at - b.at);
  const title = `<h1>${escapeHtml(issue.title)} <small>#${issue.number}</small></h1><p>${badge(stateOf(issue))} ${labels.join(" ")}</p>`;
  const body = renderPost(world, issue.authorId, issue.createdAt, issue.body ?? "", issue.lastEditedAt !== null);
  return title + renderPull(world, repo, issue) + body + entries.map((entry) => entry.html).join("");
}

function renderPull(world: World, repo: Repo, issue: Issue): string {
  if (!issue.pull) return "";
  const { headRef, baseRef, headSha } = issue.pull;
  const files = link(`/${fullName(world.store, repo)}/pull/${issue.number}/files`, "Files changed");
  const checks = [...world.store.checkRuns.values()].filter((run) => run.repoId === repo.id && run.headSha === headSha);
  const rows = checks.map(
    (run) =>
      `<li>${badge(run.conclusion ?? run.status)} ${link(`/${fullName(world.store, repo)}/runs/${run.id}`, run.name)}</li>`,
  );
  const list = rows.length > 0 ? `<ul>${rows.join("")}</ul>` : "";
  return `<p><code>${escapeHtml(baseRef)}</code> ← <code>${escapeHtml(headRef)}</code> at <code>${headSha.slice(0, 12)}</code> · ${files}</p>${list}`;
}

function renderPost(world: World, authorId: number, at: number, body: string, edited: boolean): string {
  const author = escapeHtml(accountOf(world.store, authorId).login);
  return `<article><header><b>${author}</b> <small>${isoTime(at)}${edited ? " · edited" : ""}</small></header>${renderMarkdown(body)}</article>`;
}

async function renderFiles(repo: Repo, issue: Issue): Promise<string> {
  if (!issue.pull) return "";
  const { baseSha, headSha, baseRef, mergedAt } = issue.pull;
  const from = mergedAt === null ? `refs/heads/${baseRef}` : baseSha;
  const base = (await runGit(repo.gitDir, ["merge-base", from, headSha])).out.toString("utf8").trim() || baseSha;
  return renderDiff(repo, base, headSha, issue.title);
}

async function renderPatch(repo: Repo, sha: string): Promise<string | null> {
  if (!/^[0-9a-f]{40}$/.test(sha)) return null;
  return renderDiff(repo, `${sha}^`, sha, sha);
}

async function renderDiff(repo: Repo, from: string, to: string, title: string): Promise<string> {
  const files = await diffFiles(repo.gitDir, from, to);
  const shown = files.map((file) => {
    const lines = (file.patch ?? "(no text)").split("\n").map((line) => {
      const kind = line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : "";
      return kind ? `<span class="${kind}">${escapeHtml(line)}</span>` : escapeHtml(line);
    });
    return `<h3>${escapeHtml(file.filename)} <small>${file.status} +${file.additions} −${file.deletions}</small></h3><pre>${lines.join("\n")}</pre>`;
  });
  return `<h1>${escapeHtml(title)}</h1>${shown.join("")}`;
}

function renderCheck(world: World, id: number): string | null {
  const run: CheckRun | undefined = world.store.checkRuns.get(id);
  if (!run) return null;
  const state = badge(run.conclusion ?? run.status);
  const { title, summary, text } = run.output;
  return `<h1>${escapeHtml(run.name)} ${state}</h1><p><code>${run.headSha}</code></p><h2>${escapeHtml(title ?? "")}</h2>${renderMarkdown(summary ?? "")}${renderMarkdown(text ?? "")}`;
}

function renderRuns(world: World, repo: Repo): string {
  const runs = [...world.store.runs.values()].filter((run) => run.repo_id === repo.id).reverse();
  const rows = runs.map((run) => {
    const href = `/${run.repository}/actions/runs/${run.id}`;
    return `<tr><td>${badge(run.conclusion ?? run.status)}</td><td>${link(href, run.display_title)}</td><td>${escapeHtml(run.event)}</td><td>${isoTime(run.created_at)}</td></tr>`;
  });
  return `<h1>Workflow runs</h1><table>${rows.join("")}</table>`;
}

function renderRun(world: World, repo: Repo, id: number, _section: string): string | null {
  const run: WorkflowRun | undefined = world.store.runs.get(id);
  if (!run || run.repo_id !== repo.id) return null;
  const jobs = run.jobs.map((job) => {
    const steps = job.steps.map((step) => `<li>${badge(step.conclusion ?? step.status)} ${escapeHtml(step.name)}</li>`);
    const notes = job.annotations.map((note) => `<li><b>${note.level}</b> ${escapeHtml(note.message)}</li>`);
    const log = job.log === "" ? "" : `<details><summary>Log</summary><pre>${escapeHtml(job.log)}</pre></details>`;
    return `<article><header>${badge(job.conclusion ?? job.status)} <b>${escapeHtml(job.name)}</b> <small>attempt ${job.run_attempt}</small></header><ol>${steps.join("")}</ol><ul>${notes.join("")}</ul>${renderMarkdown(job.summary)}${log}</article>`;
  });
  const head = `<h1>${escapeHtml(run.display_title)} ${badge(run.conclusion ?? run.status)}</h1>`;
  return `${head}<p class="meta">${escapeHtml(run.workflow_path)} · ${escapeHtml(run.event)} · ${escapeHtml(run.actor.login)} · ${isoTime(run.created_at)}</p>${jobs.join("")}`;
}
