/** A person at a browser: every method is one request with that person's own token. */
export interface Person {
  readonly login: string;
  readonly token: string;
  /** Sends a request; a status of 400 and more throws with GitHub's message. */
  request(method: string, path: string, body?: unknown): Promise<PersonAnswer>;
  /** The same without throwing. */
  attempt(method: string, path: string, body?: unknown): Promise<PersonAnswer>;
  openIssue(repo: string, issue: { title: string; body?: string; labels?: string[] }): Promise<number>;
  comment(repo: string, number: number, body: string): Promise<number>;
  label(repo: string, number: number, ...labels: string[]): Promise<void>;
  unlabel(repo: string, number: number, label: string): Promise<void>;
  close(repo: string, number: number): Promise<void>;
  merge(repo: string, number: number): Promise<void>;
}

/** Status and body of an answer. */
export interface PersonAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what comes back is as varied as GitHub's API
  body: any;
  headers: Headers;
}

/** Makes the client of a person. */
export function createPerson(apiUrl: string, login: string, token: string): Person {
  const attempt = async (method: string, path: string, body?: unknown): Promise<PersonAnswer> => {
    const answer = await fetch(`${apiUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/vnd.github+json",
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.includes("json");
    return { status: answer.status, body: isJson && text !== "" ? JSON.parse(text) : text, headers: answer.headers };
  };
  const request = async (method: string, path: string, body?: unknown): Promise<PersonAnswer> => {
    const answer = await attempt(method, path, body);
    if (answer.status >= 400)
      throw new Error(`${login}: ${method} ${path} gave ${answer.status}: ${answer.body?.message}`);
    return answer;
  };
  return {
    login,
    token,
    request,
    attempt,
    openIssue: async (repo, issue) => (await request("POST", `/repos/${repo}/issues`, issue)).body.number,
    comment: async (repo, number, body) =>
      (await request("POST", `/repos/${repo}/issues/${number}/comments`, { body })).body.id,
    label: async (repo, number, ...labels) =>
      void (await request("POST", `/repos/${repo}/issues/${number}/labels`, { labels })),
    unlabel: async (repo, number, label) =>
      void (await request("DELETE", `/repos/${repo}/issues/${number}/labels/${encodeURIComponent(label)}`)),
    close: async (repo, number) =>
      void (await request("PATCH", `/repos/${repo}/issues/${number}`, { state: "closed" })),
    merge: async (repo, number) => void (await request("PUT", `/repos/${repo}/pulls/${number}/merge`, {})),
  };
}
