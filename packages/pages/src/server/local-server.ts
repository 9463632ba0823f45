import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { checkInteger, InvalidArgumentError } from "@simclr/core";
import { EventListeners } from "./event-listeners.js";
import { DEFAULT_LIMITS, type Limits } from "./limits.js";
import { readJson } from "./read-json.js";
import { type Reply, send } from "./reply.js";
import { TokenBucket } from "./token-bucket.js";

const LOOPBACK = "127.0.0.1";

/** A request that passed all checks. */
interface PageRequest {
  readonly query: URLSearchParams;
  /** Of a POST: the JSON that it brought. */
  readonly body: unknown;
}

type Handler = (request: PageRequest) => Reply | Promise<Reply>;

export interface LocalServerOptions {
  /** By method and path below the token: `"GET "` is the page itself, `"POST answer"`. */
  readonly routes: Readonly<Record<string, Handler>>;
  /** What a page that begins to listen is told first. @defaultValue it cannot listen */
  readonly greeting?: () => string;
  /** @defaultValue a free one */
  readonly port?: number;
  readonly limits?: Partial<Limits>;
}

/** A server for one person on this machine. */
export interface LocalServer {
  /** With the token: whoever has it may use the page. */
  readonly url: string;
  readonly port: number;
  /** Pages that listen now. */
  listenerCount(): number;
  /** Tells all pages that listen. */
  broadcast(data: string): void;
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * Serves a few fixed addresses on 127.0.0.1, below a secret token. Nothing of a request names a file, so there is no path to
 * leave a folder by. Refused are other hosts in the header (which a page elsewhere could make a browser send), wrong
 * tokens, requests from other origins, large headers and bodies, and too many requests; who is slow to ask or to read is cut off.
 *
 * @throws InvalidArgumentError (rejects) if the port is in use or may not be used.
 */
export async function localServer(options: LocalServerOptions): Promise<LocalServer> {
  const { routes, greeting, port: wanted = 0 } = options;
  checkInteger("localServer", { port: wanted }, 0);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const token = randomBytes(24).toString("base64url");
  const served = new TokenBucket(limits.perSecond, limits.burst);
  const refused = new TokenBucket(limits.refusedPerSecond, limits.refusedBurst);
  const listeners = new EventListeners(limits);
  let hosts: readonly string[] = [];

  /** The handler that may answer, or why none may. */
  const admit = (request: IncomingMessage): { route: string; query: URLSearchParams } | Reply => {
    const [path = "", query = ""] = (request.url ?? "").split("?", 2);
    const [, given = "", ...rest] = path.split("/");
    if (!hosts.includes(request.headers.host ?? "")) return refusal(421, "This server answers to 127.0.0.1 alone.");
    if (!isSame(given, token)) return refusal(403, "The address has a token; use the one that the command printed.");
    if (request.headers.origin !== undefined && !hosts.includes(request.headers.origin.replace(/^http:\/\//, "")))
      return refusal(403, "Requests of other pages are refused.");
    if (!["same-origin", "none", undefined].includes(request.headers["sec-fetch-site"] as string | undefined))
      return refusal(403, "Requests of other pages are refused.");
    return {
      route: `${request.method === "HEAD" ? "GET" : request.method} ${rest.join("/")}`,
      query: new URLSearchParams(query),
    };
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const admitted = admit(request);
    if ("type" in admitted) return send(response, refused.take() ? admitted : tooMany());
    if (!served.take()) return send(response, tooMany());
    const { route, query } = admitted;
    if (route === "GET events" && greeting !== undefined) return listeners.add(response, greeting());
    const handler = Object.hasOwn(routes, route) ? routes[route] : undefined;
    if (handler === undefined) return send(response, refusal(404, "There is nothing at this address."));
    const body = request.method === "POST" ? await readJson(request, limits.bodyBytes) : undefined;
    if (body instanceof Error) return send(response, refusal(413, body.message));
    return send(response, await handler({ query, body }), request.method === "HEAD");
  };

  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersMs),
    },
    (request, response) => {
      const deadline = setTimeout(() => request.socket.destroy(), limits.responseMs);
      response.once("close", () => clearTimeout(deadline));
      response.once("listening", () => clearTimeout(deadline));
      answer(request, response).catch((error: unknown) => {
        if (response.headersSent) request.socket.destroy();
        else send(response, refusal(500, error instanceof Error ? error.message : String(error)));
      });
    },
  );
  server.maxConnections = limits.connections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(cannotListen(wanted, cause)));
    server.listen(wanted, LOOPBACK, resolve);
  });
  const { port } = server.address() as AddressInfo;
  hosts = [`${LOOPBACK}:${port}`, `localhost:${port}`];
  return {
    url: `http://${LOOPBACK}:${port}/${token}/`,
    port,
    listenerCount: () => listeners.size,
    broadcast: (data) => listeners.tell(data),
    close() {
      listeners.close();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Refuses, and lets go of the connection. */
const refusal = (status: number, text: string): Reply => ({
  ...{ status, type: "text/plain; charset=utf-8", body: `${text}\n` },
  headers: { Connection: "close" },
});

const tooMany = (): Reply => ({
  ...{ status: 429, type: "text/plain; charset=utf-8", body: "Too many requests; wait a second.\n" },
  headers: { Connection: "close", "Retry-After": "1" },
});

/** In a time that does not tell how much of it is right. */
function isSame(given: string, token: string): boolean {
  const [a, b] = [given, token].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(a!, b!);
}

function cannotListen(port: number, cause: NodeJS.ErrnoException): InvalidArgumentError {
  const why = cause.code === "EADDRINUSE" ? "is in use" : `cannot be used (${cause.message})`;
  return new InvalidArgumentError(
    `Port ${port} of ${LOOPBACK} ${why}. Choose another with --port, or leave it out, and a free one is taken.`,
    { subject: "port", expected: "a free port", received: String(port), cause },
  );
}
