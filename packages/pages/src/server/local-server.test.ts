import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Limits } from "./limits.js";
import { type LocalServer, localServer } from "./local-server.js";
import { json } from "./reply.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function serve(limits: Partial<Limits> = {}): Promise<LocalServer & { token: string }> {
  const server = await localServer({
    routes: {
      "GET ": () => ({ type: "text/html", body: "the page" }),
      "GET part": ({ query }) => json(query.get("id")),
      "POST answer": ({ body }) => json({ got: body }),
      "GET broken": () => {
        throw new Error("it failed");
      },
    },
    greeting: () => "hello",
    limits,
  });
  open.push(server);
  return { ...server, token: new URL(server.url).pathname.split("/")[1]! };
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A request whose path and headers are sent as they are. */
function ask(
  { port }: LocalServer,
  path: string,
  {
    method = "GET",
    headers = {},
    body = "",
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode!, text, headers: response.headers }));
    });
    request.on("error", reject).end(body);
  });
}

/** A connection, and all that came over it until it ended. */
async function raw(
  { port }: LocalServer,
  text: string,
): Promise<{ socket: Socket; received: () => string; ended: Promise<unknown> }> {
  const socket = connect(port, "127.0.0.1");
  open.push({ close: () => socket.destroy() });
  let received = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    received += String(chunk);
  });
  socket.on("error", () => {});
  const ended = once(socket, "close");
  await once(socket, "connect");
  socket.write(text);
  return { socket, received: () => received, ended };
}

describe("localServer", () => {
  it("serves what it was given below its token, and nothing to be kept or framed", async () => {
    const server = await serve();
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
    const page = await ask(server, `/${server.token}/`);
    expect([page.status, page.text]).toEqual([200, "the page"]);
    expect(page.headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
    expect(page.headers).toMatchObject({ "x-content-type-options": "nosniff", "x-frame-options": "DENY" });
    expect((await ask(server, `/${server.token}/part?id=a%2F..`)).text).toBe('"a/.."');
    const head = await ask(server, `/${server.token}/`, { method: "HEAD" });
    expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", "8"]);
    const headers = { "Content-Type": "application/json" };
    const posted = await ask(server, `/${server.token}/answer`, { method: "POST", headers, body: '{"a":1}' });
    expect(posted.text).toBe('{"got":{"a":1}}');
    const broken = await ask(server, `/${server.token}/broken`);
    expect([broken.status, broken.text]).toEqual([500, "it failed\n"]);
  });

  it("refuses wrong tokens, whatever comes after", async () => {
    const server = await serve();
    const wrong = `${server.token.slice(0, -1)}${server.token.endsWith("A") ? "B" : "A"}`;
    for (const path of [
      "/",
      "//",
      `/${wrong}/`,
      `/${server.token}x/`,
      `/${server.token.slice(0, -1)}/`,
      `/?/${server.token}/`,
    ])
      expect([path, (await ask(server, path)).status]).toEqual([path, 403]);
  });

  it.each([
    "/../../etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/TOKEN/../../../../etc/passwd",
    "/TOKEN/..%2f..%2f..%2fetc/passwd",
    "/TOKEN/%2e%2e/%2e%2e/etc/passwd",
    "/TOKEN/....//....//etc/passwd",
    "/TOKEN/..\\..\\etc\\passwd",
    "/TOKEN//etc/passwd",
    "/TOKEN/part/../../../etc/passwd",
    "/TOKEN/constructor",
    "/TOKEN/__proto__",
    "file:///etc/passwd",
    "http://127.0.0.1/TOKEN/../etc/passwd",
  ])("has no file at %s", async (path) => {
    const server = await serve();
    const { status, text } = await ask(server, path.replace("TOKEN", server.token));
    expect([403, 404]).toContain(status);
    expect(text).not.toContain("root:");
  });

  it("refuses names that were bent to this machine, other pages, and other methods", async () => {
    const server = await serve();
    const path = `/${server.token}/`;
    for (const host of ["evil.example", "evil.example:80", `evil.example:${server.port}`, "127.0.0.1", "localhost:1"])
      expect([host, (await ask(server, path, { headers: { Host: host } })).status]).toEqual([host, 421]);
    expect((await ask(server, path, { headers: { Host: `localhost:${server.port}` } })).status).toBe(200);
    const headers = { "Content-Type": "application/json" };
    const post = async (more: Record<string, string>) =>
      (await ask(server, `${path}answer`, { method: "POST", headers: { ...headers, ...more }, body: "1" })).status;
    expect(await post({ Origin: "http://evil.example" })).toBe(403);
    expect(await post({ Origin: "null" })).toBe(403);
    expect(await post({ "Sec-Fetch-Site": "cross-site" })).toBe(403);
    expect(await post({ Origin: `http://127.0.0.1:${server.port}`, "Sec-Fetch-Site": "same-origin" })).toBe(200);
    expect(await post({ "Content-Type": "text/plain" })).toBe(413);
    for (const method of ["PUT", "DELETE", "OPTIONS"]) expect((await ask(server, path, { method })).status).toBe(404);
  });

  it("refuses large headers, large bodies and what is no HTTP, and goes on", async () => {
    const server = await serve();
    const large = await raw(server, `GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${"a".repeat(100_000)}\r\n\r\n`);
    await large.ended;
    expect(large.received()).toMatch(/^HTTP\/1\.1 431 /);
    const none = await raw(server, "\u0016\u0003\u0001 what is this\r\n\r\n");
    await none.ended;
    expect(none.received()).toMatch(/^HTTP\/1\.1 400 /);
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify("x".repeat(20_000));
    const posted = await ask(server, `/${server.token}/answer`, { method: "POST", headers, body });
    expect([posted.status, posted.text]).toEqual([413, "Send at most 16384 bytes.\n"]);
    expect((await ask(server, `/${server.token}/`)).status).toBe(200);
  });

  it("cuts off who is slow to ask, and who is slow to read", async () => {
    const server = await serve({ headersMs: 300, requestMs: 600, responseMs: 500, backlogBytes: 1000 });
    const drip = await raw(server, `GET /${server.token}/ HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n`);
    const dripping = setInterval(() => drip.socket.write("X-A: 1\r\n"), 50);
    open.push({ close: () => clearInterval(dripping) });
    const body = await raw(
      server,
      `POST /${server.token}/answer HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n[`,
    );
    const idle = await raw(server, "");
    await Promise.all([drip.ended, body.ended, idle.ended]);
    expect(drip.received()).toMatch(/^HTTP\/1\.1 408 /);

    const slow = await raw(server, `GET /${server.token}/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
    await once(slow.socket, "data");
    expect(server.listenerCount()).toBe(1);
    slow.socket.pause();
    for (let i = 0; i < 2000 && server.listenerCount() > 0; i++) {
      server.broadcast("x".repeat(100_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.listenerCount()).toBe(0);
  }, 30_000);

  it("answers no more often than it may, and keeps what is refused apart from what is served", async () => {
    const server = await serve({ perSecond: 0.001, burst: 3, refusedPerSecond: 0.001, refusedBurst: 2 });
    const statuses = async (path: string, count: number) => {
      const all: number[] = [];
      for (let i = 0; i < count; i++) all.push((await ask(server, path)).status);
      return all;
    };
    expect(await statuses("/wrong/", 4)).toEqual([403, 403, 429, 429]);
    expect(await statuses(`/${server.token}/`, 4)).toEqual([200, 200, 200, 429]);
  });

  it("takes so many connections and listeners, and no more", async () => {
    const server = await serve({ connections: 4, listeners: 2 });
    const listen = () => raw(server, `GET /${server.token}/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
    const first = await listen();
    await once(first.socket, "data");
    const second = await listen();
    await once(second.socket, "data");
    const third = await listen();
    await third.ended;
    expect(third.received()).toMatch(/^HTTP\/1\.1 503 /);
    await raw(server, "");
    await raw(server, "");
    const over = await raw(server, `GET /${server.token}/ HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
    await over.ended;
    expect(over.received()).toBe("");
  });

  it("tells 200 pages at once", async () => {
    const server = await serve();
    const pages = await Promise.all(
      Array.from({ length: 200 }, () =>
        raw(server, `GET /${server.token}/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`),
      ),
    );
    const all = (text: string) => pages.every(({ received }) => received().includes(`data: ${text}\n\n`));
    await expect.poll(() => all("hello"), { timeout: 20_000 }).toBe(true);
    expect(server.listenerCount()).toBe(200);
    server.broadcast("news");
    await expect.poll(() => all("news"), { timeout: 20_000 }).toBe(true);
    pages[0]!.socket.destroy();
    await expect.poll(() => server.listenerCount()).toBe(199);
  }, 60_000);

  it("says that a port is in use, and ends with all its connections", async () => {
    const server = await serve();
    await expect(localServer({ routes: {}, port: server.port })).rejects.toThrow(
      `Port ${server.port} of 127.0.0.1 is in use. Choose another with --port, or leave it out, and a free one is taken.`,
    );
    const listener = await raw(
      server,
      `GET /${server.token}/events HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`,
    );
    await once(listener.socket, "data");
    await server.close();
    await listener.ended;
    await expect(ask(server, `/${server.token}/`)).rejects.toThrow("ECONNREFUSED");
  });
});
