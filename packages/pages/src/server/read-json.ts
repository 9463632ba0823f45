import type { IncomingMessage } from "node:http";

/** The JSON that a request brings; an error where it is too long, or none. */
export async function readJson(request: IncomingMessage, mostBytes: number): Promise<unknown> {
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) return new Error("Send application/json.");
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > mostBytes) return new Error(`Send at most ${mostBytes} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch {
    return new Error("Send JSON.");
  }
}
