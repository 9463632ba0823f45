import type { ServerResponse } from "node:http";
import type { Limits } from "./limits.js";
import { HEADERS, send } from "./reply.js";

/** A sign of life, by which a dead connection is found out. */
const HEARTBEAT_MS = 20_000;

/** Pages that listen for server-sent events. */
export class EventListeners {
  readonly #listeners = new Set<ServerResponse>();
  readonly #limits: Limits;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#heartbeat = setInterval(() => this.#write(":\n\n"), HEARTBEAT_MS).unref();
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** @param greeting - Told at once. */
  add(response: ServerResponse, greeting: string): void {
    if (this.#listeners.size >= this.#limits.listeners) {
      send(response, {
        ...{ status: 503, type: "text/plain; charset=utf-8", body: "Too many pages listen already.\n" },
        headers: { Connection: "close", "Retry-After": "30" },
      });
      return;
    }
    response.emit("listening"); // may take as long as it likes
    response.writeHead(200, { ...HEADERS, "Content-Type": "text/event-stream" });
    this.#listeners.add(response);
    response.once("close", () => this.#listeners.delete(response));
    response.write(`retry: 3000\ndata: ${greeting}\n\n`);
  }

  /** @param data - One line. */
  tell(data: string): void {
    this.#write(`data: ${data}\n\n`);
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const response of this.#listeners) response.destroy();
  }

  #write(text: string): void {
    for (const response of this.#listeners) {
      if (response.writableLength > this.#limits.backlogBytes) response.destroy();
      else response.write(text);
    }
  }
}
