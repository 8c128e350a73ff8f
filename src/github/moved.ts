/** A write that GitHub sends elsewhere, where following it could have its effect on something else. */
export class MovedElsewhere extends Error {
  override name = "MovedElsewhere";
  readonly status = 404;
  readonly response = { headers: {} };

  constructor(from: string, to: string) {
    super(`${from} was moved to ${to}; nothing was written`);
  }
}

const repositoryPart = /^(.*)\/(?:repos\/[^/]+\/[^/]+|repositories\/\d+)(\/.*)?$/;

/**
 * Where a write has to be repeated after a redirect (6-github-facts, row 63): at the same place of the same server in a
 * repository that was renamed or transferred. Anything else, such as an issue that now lies in another repository, throws
 * MovedElsewhere: `fetch` would follow it there, or turn the write into a read.
 */
export function followMove(sent: string, location: string): string {
  const [from, to] = [new URL(sent), new URL(location, sent)];
  const [before, after] = [repositoryPart.exec(from.pathname), repositoryPart.exec(to.pathname)];
  if (from.origin === to.origin && before && after && before[1] === after[1] && before[2] === after[2]) return to.href;
  throw new MovedElsewhere(from.pathname, to.pathname);
}
