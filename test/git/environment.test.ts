import { expect, test } from "vitest";
import { gitEnvironment, readRemoteUrl, readTokenConfig } from "../../src/git/environment.ts";

test("git sees nothing of the host but proxies and certificate stores", () => {
  const env = gitEnvironment({
    host: {
      HTTPS_PROXY: "http://proxy:1",
      ANTHROPIC_API_KEY: "x",
      GIT_SSH_COMMAND: "evil",
      HOME: "/root",
      GIT_DIR: "/x",
    },
  });
  expect(env.HTTPS_PROXY).toBe("http://proxy:1");
  expect(env).toMatchObject({
    HOME: "/nonexistent",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
  });
  expect(Object.keys(env).filter((name) => ["ANTHROPIC_API_KEY", "GIT_SSH_COMMAND", "GIT_DIR"].includes(name))).toEqual(
    [],
  );
});

test("a token goes in the environment, to the remote's own origin only, and never to ssh or a path", () => {
  const [[key, value] = ["", ""]] = readTokenConfig("https://git.example:8443/o/r.git", "tok");
  expect(key).toBe("http.https://git.example:8443/.extraHeader");
  expect(Buffer.from(value.split(" ").at(-1)!, "base64").toString()).toBe("x-access-token:tok");
  expect(readTokenConfig("ssh://git@x/y", "tok")).toEqual([]);
  expect(gitEnvironment({ config: [[key, value]] })).toMatchObject({
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: key,
    GIT_CONFIG_VALUE_0: value,
  });
});

test.each([
  "ext::sh -c x",
  "-oProxyCommand=x",
  "--upload-pack=x",
  "git://x/y",
  "fd::17",
  "ssh://-oProxyCommand=x/y",
  "https://x/\ny",
  "relative/path",
  "",
])("the remote %j is refused", (url) => {
  expect(() => readRemoteUrl(url)).toThrow(/cannot be used/);
});
