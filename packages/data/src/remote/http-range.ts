import { setTimeout as delay } from "node:timers/promises";
import { DataError } from "@simclr/core";

/** Tries of one request: connections break, servers are busy. */
const TRIES = 5;

/** Wait before the second try; doubled before each further one. */
const FIRST_DELAY_MS = 250;

/** A request that takes longer is tried again. */
const TIMEOUT_MS = 120_000;

/** What tells one state of a file from another. */
export interface RemoteState {
  /** Bytes. */
  readonly size: number;
  /** The server's `ETag`, else `Last-Modified`; undefined if it gives neither. */
  readonly validator: string | undefined;
}

/** An answer that no further try would change. */
class Refusal extends Error {}

/**
 * Asks a server for the size of a file and what identifies its state.
 *
 * @throws DataError naming the URL if it cannot be reached, or cannot give parts of files.
 */
export async function remoteState(url: string): Promise<RemoteState> {
  const { state } = await request(url, 0, 1, undefined);
  return state;
}

/**
 * Downloads the bytes of a file from `start` up to `end`, with further tries where the connection breaks.
 *
 * @param expected - The state that the file had; any other is an error.
 * @throws DataError naming the URL.
 */
export async function downloadRange(url: string, start: number, end: number, expected: RemoteState): Promise<Buffer> {
  return (await request(url, start, end, expected)).bytes;
}

/** Whether a further try would end alike. */
function isFinal(error: unknown): boolean {
  const code = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined;
  return error instanceof Refusal || code === "ENOTFOUND" || code === "ECONNREFUSED";
}

interface Answer {
  readonly state: RemoteState;
  readonly bytes: Buffer;
}

async function request(url: string, start: number, end: number, expected: RemoteState | undefined): Promise<Answer> {
  let last: unknown;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await delay(FIRST_DELAY_MS * 2 ** (attempt - 1));
    try {
      return await requestOnce(url, start, end, expected);
    } catch (cause) {
      last = cause;
      if (isFinal(cause)) break;
    }
  }
  throw new DataError(
    `Cannot read ${url}: ${reasonOf(last)}. ${isFinal(last) ? "Correct the URL, or download the file and open it by its path" : `Tried ${TRIES} times; what was downloaded is kept, so try again when the server can be reached`}.`,
    { subject: url, expected: "a server that gives parts of files (HTTP 206)", cause: last },
  );
}

async function requestOnce(
  url: string,
  start: number,
  end: number,
  expected: RemoteState | undefined,
): Promise<Answer> {
  const response = await fetch(url, {
    headers: { range: `bytes=${start}-${end - 1}`, "accept-encoding": "identity" },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  try {
    const state = stateOf(response, start, end);
    if (expected !== undefined && (state.size !== expected.size || state.validator !== expected.validator))
      throw new Refusal(
        `it changed on the server since it was opened (${words(expected)} before, ${words(state)} now); open it again to start over`,
      );
    return { state, bytes: await readBody(response, end - start) };
  } finally {
    await response.body?.cancel().catch(() => {}); // where it was not read to its end; nothing is lost with it
  }
}

function stateOf(response: Response, start: number, end: number): RemoteState {
  const { status, headers } = response;
  if (status === 200)
    throw new Refusal("the server sends whole files only: it answered a request for a part with HTTP 200");
  if (status === 416) throw new Refusal("the file is empty, or shorter than it was (HTTP 416)");
  if (status !== 206) {
    const problem = `the server answered with HTTP ${status}`;
    throw status >= 500 || status === 429 || status === 408 ? new Error(problem) : new Refusal(problem);
  }
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "");
  const size = Number(range?.[3]);
  if (range === null || Number(range[1]) !== start || Number(range[2]) !== end - 1 || !Number.isSafeInteger(size))
    throw new Refusal(
      `the server answered with the range "${headers.get("content-range")}" to one of bytes ${start} to ${end - 1}`,
    );
  return { size, validator: headers.get("etag") ?? headers.get("last-modified") ?? undefined };
}

/** Exactly as many bytes as were asked for: an endless answer is not read on. */
async function readBody(response: Response, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let done = 0;
  if (response.body !== null)
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      if (done + chunk.length > length) throw new Error(`the server sent more than the ${length} bytes asked for`);
      bytes.set(chunk, done);
      done += chunk.length;
    }
  if (done < length) throw new Error(`the connection ended after ${done} of ${length} bytes`);
  return bytes;
}

const words = ({ size, validator }: RemoteState): string => `${size} bytes, ${validator ?? "no validator"}`;

/** What `fetch` hides in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && error.message === "fetch failed"
    ? cause.message || (cause as NodeJS.ErrnoException).code || error.message
    : error.message;
}
