import type { ServerResponse } from "node:http";

/** What a page answers. */
export interface Reply {
  /** @defaultValue 200 */
  readonly status?: number;
  /** MIME type. */
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Nothing of ours is kept, framed, sniffed, or told to other pages. */
export const HEADERS = {
  "Cache-Control": "no-store",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": "frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const;

export function send(response: ServerResponse, { status = 200, type, body, headers }: Reply, headOnly = false): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(status, { ...HEADERS, "Content-Type": type, "Content-Length": bytes.length, ...headers });
  response.end(headOnly ? undefined : bytes);
}

export const json = (value: unknown, status = 200): Reply => ({
  ...{ status, type: "application/json", body: JSON.stringify(value) },
});
