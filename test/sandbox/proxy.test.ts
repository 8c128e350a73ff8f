import { createServer, request } from "node:http";
import { connect, createServer as createTcp, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isInnerAddress, isOwnAddress } from "../../src/sandbox/addresses.ts";
import { findAllowed, readAllowList } from "../../src/sandbox/allow-list.ts";
import { startProxy } from "../../src/sandbox/proxy.ts";
import { openBox, skipWalls } from "./support.ts";

/** Says CONNECT on a unix socket and gives the first line of the answer. */
function connectThrough(socketPath: string, target: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`));
    let text = "";
    const done = (): void => {
      socket.destroy();
      resolve(text.split("\r\n")[0] ?? "");
    };
    socket.on("data", (chunk) => {
      text += chunk.toString();
      if (text.includes("\r\n\r\n")) done();
    });
    socket.once("error", done);
    socket.once("close", done);
  });
}

/** Says anything on a unix socket and gives the beginning of the answer. */
function sayRaw(socketPath: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => socket.write(text));
    let said = "";
    const done = (): void => {
      socket.destroy();
      resolve(said);
    };
    socket.on("data", (chunk) => {
      said += chunk.toString();
      // a second request on the same connection is answered too
      if (said.split("HTTP/1.1 ").length > (text.includes("/first") ? 2 : 1)) done();
    });
    socket.once("error", done);
    socket.once("close", done);
  });
}

describe("addresses that a proxy must not open", () => {
  const inner = [
    ...[
      "0.0.0.0",
      "0.1.2.3",
      "10.0.0.1",
      "100.64.0.1",
      "127.0.0.1",
      "127.255.255.254",
      "169.254.169.254",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "192.0.0.1",
      "198.18.0.1",
      "224.0.0.1",
      "255.255.255.255",
    ],
    ...[
      "::",
      "::1",
      "fe80::1",
      "fe80::1%eth0",
      "fc00::1",
      "fd12:3456::1",
      "fec0::1",
      "ff02::1",
      "::ffff:127.0.0.1",
      "::ffff:7f00:1",
      "::ffff:a9fe:a9fe",
      "::127.0.0.1",
      "64:ff9b::10.0.0.1",
      "64:ff9b:1::1",
      "2002:7f00:1::",
      "2002:a00:1::1",
      "2001:0:7f00:1::1",
    ],
    ...["", "localhost", "127.1", "0x7f000001", "2130706433", "1.2.3", "not an address"],
  ];
  test.each(inner)("%s is refused", (address) => expect(isInnerAddress(address)).toBe(true));
  test.each([
    "1.1.1.1",
    "172.32.0.1",
    "100.128.0.1",
    "192.169.0.1",
    "2606:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::",
  ])("%s is open", (address) => expect(isInnerAddress(address)).toBe(false));
});

describe("the allow-list", () => {
  const list = readAllowList(
    ["npm", "Example.org", "*.wild.example", "host.example:8443", "10.1.2.3", "[fd00::1]:9000"],
    { npm: "https://packages.corp.example:4873/npm/" },
  );
  test.each([
    ["packages.corp.example", 4873, true],
    ["packages.corp.example", 443, false],
    ["registry.npmjs.org", 443, false],
    ["example.org", 443, true],
    ["EXAMPLE.ORG.", 80, true],
    ["example.org", 22, false],
    ["sub.example.org", 443, false],
    ["notexample.org", 443, false],
    ["a.wild.example", 443, true],
    ["wild.example", 443, false],
    ["xwild.example", 443, false],
    ["host.example", 8443, true],
    ["host.example", 443, false],
    ["10.1.2.3", 80, true],
    ["10.1.2.4", 80, false],
    ["fd00::1", 9000, true],
    ["example.org.evil.example", 443, false],
  ] as const)("%s:%i allowed: %s", (host, port, allowed) =>
    expect(findAllowed(list, host, port) !== null).toBe(allowed),
  );

  test("an ecosystem means the registry that its client is configured to use, else the public one", () => {
    expect(readAllowList(["npm"])).toEqual([{ host: "registry.npmjs.org", port: null, literal: false }]);
    expect(readAllowList(["pip"]).map(({ host }) => host)).toEqual(["pypi.org", "files.pythonhosted.org"]);
  });
});

describe("the proxy on its unix socket", () => {
  const asked: string[] = [];
  const http = createServer((incoming, response) => {
    asked.push(
      `${incoming.method} ${incoming.headers.host} ${incoming.url} ${incoming.headers["proxy-authorization"] ?? ""}`.trim(),
    );
    response.end("hello from the registry");
  });
  const sockets: Socket[] = [];
  const echo = createTcp((socket) => {
    sockets.push(socket);
    socket.pipe(socket);
  });
  let httpPort = 0;
  let echoPort = 0;
  beforeAll(async () => {
    await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
    await new Promise<void>((done) => echo.listen(0, "127.0.0.1", done));
    httpPort = (http.address() as { port: number }).port;
    echoPort = (echo.address() as { port: number }).port;
  });
  afterAll(() => {
    http.close();
    for (const socket of sockets) socket.destroy();
    echo.close();
  });

  test("what is not allowed is refused before its name is resolved, and remembered once", async () => {
    const resolved: string[] = [];
    await using proxy = await startProxy({
      allow: ["good.example"],
      resolve: async (host) => {
        resolved.push(host);
        return ["127.0.0.1"];
      },
    });
    expect(await connectThrough(proxy.socketPath, "evil.example:443")).toContain("403");
    expect(await connectThrough(proxy.socketPath, "evil.example:443")).toContain("403");
    expect(await connectThrough(proxy.socketPath, "good.example:22")).toContain("403");
    expect(resolved).toEqual([]);
    expect(proxy.blocked()).toEqual([
      "evil.example:443 (not on the allow-list)",
      "good.example:22 (not on the allow-list)",
    ]);
  });

  test.each([
    "",
    "nonsense",
    "host",
    "host:99999x",
    "a b:443",
    "http://good.example:443",
    "user@good.example:443",
    ":443",
    "[::1:443",
  ])("CONNECT %j is a bad request", async (target) => {
    await using proxy = await startProxy({ allow: ["good.example"] });
    expect(await connectThrough(proxy.socketPath, target)).toMatch(/ 40[03] /);
  });

  test("a name of an ecosystem that leads into a private network is refused: rebinding gains nothing", async () => {
    await using proxy = await startProxy({ allow: ["npm", "*.cdn.example"], resolve: async () => ["127.0.0.1"] });
    expect(await connectThrough(proxy.socketPath, "registry.npmjs.org:443")).toContain("403");
    expect(await connectThrough(proxy.socketPath, "x.cdn.example:443")).toContain("403");
    expect(proxy.blocked()[0]).toContain("private network");
  });

  test("a name is resolved once, and what was checked is what is connected to", async () => {
    const answers = [["127.0.0.1"], ["203.0.113.1"]];
    let count = 0;
    await using proxy = await startProxy({
      allow: [`localhost:${echoPort}`],
      resolve: async () => answers[count++] ?? [],
    });
    expect(await connectThrough(proxy.socketPath, `localhost:${echoPort}`)).toContain("200");
    expect(count).toBe(1);
  });

  test("a name that the policy allows leads neither to this machine nor to its cloud's metadata, whatever it resolves to", async () => {
    const own = [
      "127.0.0.1",
      "169.254.169.254",
      "168.63.129.16",
      "0.0.0.0",
      "::1",
      "::ffff:169.254.169.254",
      "fd00:ec2::254",
    ];
    await using proxy = await startProxy({ allow: ["named.example"], resolve: async () => own });
    expect(await connectThrough(proxy.socketPath, "named.example:443")).toContain("403");
    expect(own.filter(isOwnAddress)).toEqual(own);
    expect(["10.0.0.1", "192.168.1.1", "fd12::1", "1.1.1.1"].filter(isOwnAddress)).toEqual([]);
  });

  test("no way to write an address or a request reaches a port that is not allowed", async () => {
    await using proxy = await startProxy({ allow: [`127.0.0.1:${httpPort}`, `localhost:${httpPort}`] });
    const before = sockets.length;
    const [good, bad] = [`127.0.0.1:${httpPort}`, `127.0.0.1:${echoPort}`];
    const hosts = [
      "0x7f.1",
      "0x7f000001",
      "2130706433",
      "127.1",
      "017700000001",
      "[::ffff:127.0.0.1]",
      "[::1]",
      "0",
      "[::]",
    ];
    hosts.push(
      "localhost.",
      "LOCALHOST",
      "127.0.0.1.",
      "127.0.0.1..",
      "localhost..",
      "\u2460.0.0.1",
      "127\u30020\u30020\u30021",
    );
    const get = (target: string, host = good) => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    const post = (head: string, body: string) => `POST http://${good}/x HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n${body}`;
    const smuggled = get(`http://${bad}/smuggled`);
    const requests = [
      ...hosts.flatMap((host) => [
        `CONNECT ${host}:${echoPort} HTTP/1.1\r\nHost: x\r\n\r\n`,
        get(`http://${host}:${echoPort}/`),
      ]),
      ...[
        `CONNECT ${good}${echoPort} HTTP/1.1\r\nHost: x\r\n\r\n`,
        `CONNECT 127.0.0.1:${echoPort + 65_536} HTTP/1.1\r\nHost: x\r\n\r\n`,
      ],
      ...[
        `http://${good}@${bad}/`,
        `http://${bad}#@${good}/`,
        `http://${good}\\@${bad}/`,
        `//${bad}/`,
        "/x",
        `ftp://${bad}/`,
      ].map((to) => get(to, bad)),
      ...[
        post("Content-Length: 5\r\nTransfer-Encoding: chunked", `0\r\n\r\n${smuggled}`),
        post("Transfer-Encoding: x", smuggled),
      ],
      ...["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", `${get(`http://${good}/first`)}${smuggled}`],
      `DELETE http://${good}/framed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
      get(`http://${good}/host-header`, bad),
    ];
    const answers = await Promise.all(requests.map((text) => sayRaw(proxy.socketPath, text)));
    const open = requests.filter((_, at) => answers[at]!.startsWith("HTTP/1.1 200"));
    expect(open.map((text) => /\/(first|framed|host-header)/.exec(text)?.[1])).toEqual([
      "first",
      "framed",
      "host-header",
    ]);
    expect(asked.filter((line) => line.includes("smuggled") || line.includes(bad))).toEqual([]);
    expect(sockets.length).toBe(before);
  });

  test("a private host is open when the policy names it literally", async () => {
    await using proxy = await startProxy({ allow: [`127.0.0.1:${echoPort}`] });
    expect(await connectThrough(proxy.socketPath, `127.0.0.1:${echoPort}`)).toContain("200");
    expect(await connectThrough(proxy.socketPath, `127.0.0.1:${httpPort}`)).toContain("403");
    expect(await connectThrough(proxy.socketPath, `localhost:${echoPort}`)).toContain("403");
  });

  test("plain HTTP is forwarded without proxy credentials", async () => {
    await using proxy = await startProxy({ allow: [`127.0.0.1:${httpPort}`] });
    const body = await new Promise<string>((resolve, reject) => {
      request(
        {
          socketPath: proxy.socketPath,
          path: `http://127.0.0.1:${httpPort}/pkg?x=1`,
          headers: { "proxy-authorization": "Basic canary" },
        },
        (response) => {
          let text = "";
          response.on("data", (chunk) => {
            text += String(chunk);
          });
          response.on("end", () => resolve(text));
        },
      )
        .on("error", reject)
        .end();
    });
    expect(body).toBe("hello from the registry");
    expect(asked.at(-1)).toBe(`GET 127.0.0.1:${httpPort} /pkg?x=1`);
  });

  test.skipIf(skipWalls)("inside the walls the forwarder reaches what is allowed, and nothing else", async () => {
    await using proxy = await startProxy({ allow: [`127.0.0.1:${httpPort}`] });
    await using box = await openBox({ network: { socketPath: proxy.socketPath } });
    const out = await box.sh(
      `curl -s http://127.0.0.1:${httpPort}/inside; echo; curl -s -o /dev/null -w '%{http_code}\\n' http://forbidden.example/; curl -s --noproxy '*' -m 3 http://127.0.0.1:${httpPort}/ || echo direct is dead; (exit 9); echo $?; exit 5`,
    );
    expect(out).toBe("hello from the registry\n403\ndirect is dead\n9\n");
    expect((await box.sandbox.exec("exit 5", { timeoutMs: 60_000 })).exit).toBe(5);
    expect(proxy.blocked()).toEqual(["forbidden.example:80 (not on the allow-list)"]);
  });
});
