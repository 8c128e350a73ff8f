import {
  editTree,
  git,
  isAncestor,
  listRefs,
  listTree,
  readBlob,
  readCommit,
  refTarget,
  resolveCommit,
  writeBlob,
} from "./git.ts";
import { showGitCommit, showRef } from "./present-commit.ts";
import { repoUrl } from "./present-repo.ts";
import { ABSENT } from "./push-rules.ts";
import {
  type Answer,
  type Context,
  HttpError,
  invalid,
  notFound,
  type Route,
  requiredText,
  route,
  text,
} from "./router.ts";
import { commitAs, moveRef } from "./routes-repos.ts";
import { nodeId } from "./store.ts";

async function typeOf({ repo }: Context, sha: string): Promise<string> {
  return (await git(repo.gitDir, ["cat-file", "-t", sha])).trim();
}

async function getRef(context: Context): Promise<Answer> {
  const { world, repo } = context;
  const ref = `refs/${context.params.ref}`;
  const sha = await refTarget(repo.gitDir, ref);
  if (!sha) throw notFound();
  return { status: 200, body: showRef(world.store, repo, ref, sha, await typeOf(context, sha)) };
}

async function matchingRefs({ world, repo, params }: Context): Promise<Answer> {
  const refs = await listRefs(repo.gitDir, `refs/${params.ref ?? ""}`);
  return { status: 200, body: refs.map(({ ref, sha, type }) => showRef(world.store, repo, ref, sha, type)) };
}

async function createRef(context: Context): Promise<Answer> {
  const { world, repo, body } = context;
  const ref = requiredText(body, "ref");
  const sha = requiredText(body, "sha");
  // Row 67: a full ref name has at least two slashes.
  if (!/^refs\/[^/]+\/[^/]/.test(ref))
    throw new HttpError(422, `Reference name must start with "refs/" and have at least two slashes`);
  if ((await git(repo.gitDir, ["check-ref-format", ref]).catch(() => null)) === null) {
    throw new HttpError(422, `${ref} is not a valid ref name.`);
  }
  return world.locked(repo, async () => {
    if (
      !/^[0-9a-f]{40}$/.test(sha) ||
      !(await refTarget(repo.gitDir, sha)) ||
      !(await typeOf(context, sha).catch(() => null))
    ) {
      throw new HttpError(422, "Object does not exist");
    }
    const type = await typeOf(context, sha);
    if (type !== "commit" && !ref.startsWith("refs/tags/")) throw new HttpError(422, "Object is not a commit");
    if (await refTarget(repo.gitDir, ref)) throw new HttpError(422, "Reference already exists");
    await moveRef(context, ref, ABSENT, sha);
    return {
      status: 201,
      body: showRef(world.store, repo, ref, sha, type),
      headers: { location: `${repoUrl(world.store, repo)}/git/${ref}` },
    };
  });
}

async function updateRef(context: Context): Promise<Answer> {
  const { world, repo, body } = context;
  const ref = `refs/${context.params.ref}`;
  const sha = requiredText(body, "sha");
  return world.locked(repo, async () => {
    const before = await refTarget(repo.gitDir, ref);
    if (!before) throw new HttpError(422, "Reference does not exist");
    if (!(await resolveCommit(repo.gitDir, sha))) throw new HttpError(422, "Object does not exist");
    if (body.force !== true && !(await isAncestor(repo.gitDir, before, sha)))
      throw new HttpError(422, "Update is not a fast forward");
    await moveRef(context, ref, before, sha);
    return { status: 200, body: showRef(world.store, repo, ref, sha, "commit") };
  });
}

async function deleteRef(context: Context): Promise<Answer> {
  const ref = `refs/${context.params.ref}`;
  return context.world.locked(context.repo, async () => {
    const before = await refTarget(context.repo.gitDir, ref);
    if (!before) throw new HttpError(422, "Reference does not exist");
    await moveRef(context, ref, before, ABSENT);
    return { status: 204 };
  });
}

async function getGitCommit({ world, repo, params }: Context): Promise<Answer> {
  const commit = await readCommit(repo.gitDir, params.commit_sha!);
  if (!commit) throw notFound();
  return { status: 200, body: showGitCommit(world.store, repo, commit) };
}

async function createGitCommit(context: Context): Promise<Answer> {
  const { world, repo, body } = context;
  const parents = (body.parents as string[] | undefined) ?? [];
  for (const parent of parents) {
    if (!(await resolveCommit(repo.gitDir, parent)))
      throw invalid("Parent SHA does not exist or is not a commit object");
  }
  const tree = requiredText(body, "tree");
  const sha = await commitAs(context, body, tree, parents, requiredText(body, "message")).catch(() => {
    throw invalid("Tree SHA does not exist");
  });
  return { status: 201, body: showGitCommit(world.store, repo, (await readCommit(repo.gitDir, sha))!) };
}

async function showTree(
  { world, repo }: Context,
  sha: string,
  recursive: boolean,
): Promise<Record<string, unknown> | null> {
  const entries = await listTree(repo.gitDir, sha, { recursive });
  const tree = entries && (await refTarget(repo.gitDir, `${sha}^{tree}`));
  if (!entries || !tree) return null;
  const api = repoUrl(world.store, repo);
  return {
    sha: tree,
    url: `${api}/git/trees/${tree}`,
    tree: entries.map(({ path, mode, type, sha: object, size }) => ({
      path,
      mode,
      type,
      sha: object,
      ...(size === null ? {} : { size }),
      url: `${api}/git/${type}s/${object}`,
    })),
    truncated: false,
  };
}

async function createTree(context: Context): Promise<Answer> {
  const { repo, body } = context;
  const entries =
    (body.tree as { path: string; mode?: string; sha?: string | null; content?: string }[] | undefined) ?? [];
  const changes = [];
  for (const { path, mode, sha, content } of entries) {
    const blob = content === undefined ? (sha ?? null) : await writeBlob(repo.gitDir, Buffer.from(content));
    changes.push({ path, sha: blob, ...(mode ? { mode } : {}) });
  }
  const tree = await editTree(repo.gitDir, text(body, "base_tree") ?? null, changes);
  return { status: 201, body: await showTree(context, tree, false) };
}

async function getBlob({ world, repo, params }: Context): Promise<Answer> {
  const sha = params.file_sha!;
  const bytes = await readBlob(repo.gitDir, sha);
  if (!bytes) throw notFound();
  const url = `${repoUrl(world.store, repo)}/git/blobs/${sha}`;
  const content = bytes.toString("base64");
  return {
    status: 200,
    body: { sha, node_id: `${nodeId("B", repo.id)}${sha}`, size: bytes.length, url, content, encoding: "base64" },
  };
}

async function createBlob({ world, repo, body }: Context): Promise<Answer> {
  const encoding = text(body, "encoding") === "base64" ? "base64" : "utf8";
  const sha = await writeBlob(repo.gitDir, Buffer.from(requiredText(body, "content"), encoding));
  return { status: 201, body: { sha, url: `${repoUrl(world.store, repo)}/git/blobs/${sha}` } };
}

/** Git's own objects and refs. */
export const gitRoutes: Route[] = [
  route("GET", "/repos/{owner}/{repo}/git/ref/{+ref}", "git/get-ref", ["contents:read"], getRef),
  route(
    "GET",
    "/repos/{owner}/{repo}/git/matching-refs/{+ref}",
    "git/list-matching-refs",
    ["contents:read"],
    matchingRefs,
  ),
  route("POST", "/repos/{owner}/{repo}/git/refs", "git/create-ref", ["contents:write"], createRef),
  route("PATCH", "/repos/{owner}/{repo}/git/refs/{+ref}", "git/update-ref", ["contents:write"], updateRef),
  route("DELETE", "/repos/{owner}/{repo}/git/refs/{+ref}", "git/delete-ref", ["contents:write"], deleteRef),
  route("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", "git/get-commit", ["contents:read"], getGitCommit),
  route("POST", "/repos/{owner}/{repo}/git/commits", "git/create-commit", ["contents:write"], createGitCommit),
  route("GET", "/repos/{owner}/{repo}/git/trees/{+tree_sha}", "git/get-tree", ["contents:read"], async (context) => {
    const body = await showTree(context, context.params.tree_sha!, context.query.has("recursive"));
    if (!body) throw notFound();
    return { status: 200, body };
  }),
  route("POST", "/repos/{owner}/{repo}/git/trees", "git/create-tree", ["contents:write"], createTree),
  route("GET", "/repos/{owner}/{repo}/git/blobs/{file_sha}", "git/get-blob", ["contents:read"], getBlob),
  route("POST", "/repos/{owner}/{repo}/git/blobs", "git/create-blob", ["contents:write"], createBlob),
];
