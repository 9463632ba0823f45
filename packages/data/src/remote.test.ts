// Against a server on this machine. By package name, since the thread that decodes Parquet runs from dist.
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDataset } from "@simclr/data";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { failure, packTar, picture, temporaryFolder, writeTree } from "../test/files.js";

const BLOCK = 4 << 20;
const root = temporaryFolder();
let server: Server;
let base: string;
/** What the server holds, and how it fails. */
const files = new Map<string, Buffer>();
let requests: string[] = [];
let etag = '"1"';
let respond: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.range}`);
    if (respond(request, response)) return;
    const content = files.get(new URL(request.url!, base).pathname);
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (content === undefined || range === null) {
      response.writeHead(content === undefined ? 404 : 400).end();
      return;
    }
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]) + 1, content.length)];
    const headers = {
      etag,
      "content-range": `bytes ${start}-${end - 1}/${content.length}`,
      "content-length": end - start,
    };
    response.writeHead(206, headers).end(content.subarray(start, end));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));
beforeEach(() => {
  requests = [];
  etag = '"1"';
  respond = () => false;
});

/** A tar of one image and padding, of a little more than two blocks. */
async function bigTar(): Promise<Buffer> {
  const tree = writeTree(join(root, "tree"), {
    "cat/a.png": await picture([200, 10, 20]),
    "dog/b.png": await picture([10, 20, 200]),
    "padding.bin": Buffer.alloc(2 * BLOCK, 7),
  });
  return readFileSync(packTar(join(root, "big.tar"), tree, ["cat/a.png", "padding.bin", "dog/b.png"]));
}
const tar = await bigTar();
/** A port that nothing listens at. */
async function closedPort(): Promise<number> {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  await new Promise<void>((resolve) => other.close(() => resolve()));
  return port;
}
let caches = 0;
const newCache = (): string => join(root, `cache-${caches++}`);
/** The only file of a cache, which has a folder for the URL and one for its state. */
function cachedFile(cache: string, name: string): string {
  const [url] = readdirSync(cache);
  const [state] = readdirSync(join(cache, url!));
  return join(cache, url!, state!, name);
}

describe("tar shards behind URLs", () => {
  it("are downloaded in parts once, and read from the cache afterwards", async () => {
    files.set("/x/train-0.tar", tar);
    files.set("/x/train-1.tar", tar);
    const cacheFolder = newCache();
    const dataset = await openDataset(`${base}/x/train-{0..1}.tar`, { cacheFolder });
    expect([dataset.size, dataset.id(2), dataset.classNames]).toEqual([4, "train-1.tar:cat/a.png", ["cat", "dog"]]);
    expect([...(await dataset.read(3)).data.subarray(0, 3)]).toEqual([10, 20, 200]);
    expect(requests.filter((line) => line.startsWith("/x/train-0.tar"))).toEqual([
      "/x/train-0.tar bytes=0-0",
      `/x/train-0.tar bytes=0-${BLOCK - 1}`,
      `/x/train-0.tar bytes=${BLOCK}-${2 * BLOCK - 1}`,
      `/x/train-0.tar bytes=${2 * BLOCK}-${3 * BLOCK - 1 < tar.length ? 3 * BLOCK - 1 : tar.length - 1}`,
    ]);
    await dataset.close();
    requests = [];
    const again = await openDataset(`${base}/x/train-0.tar`, { cacheFolder });
    expect([again.size, requests.length]).toEqual([2, 1]);
    await again.close();
  });

  it("go on where a download stopped, whatever was left half done", async () => {
    files.set("/y.tar", tar);
    const cacheFolder = newCache();
    respond = (request, response) => {
      if (request.headers.range !== `bytes=${2 * BLOCK}-${tar.length - 1}`) return false;
      response.writeHead(503).end();
      return true;
    };
    expect(await failure(openDataset(`${base}/y.tar`, { cacheFolder }))).toBe(
      `Cannot read ${base}/y.tar: the server answered with HTTP 503. Tried 5 times; what was downloaded is kept, so try again when the server can be reached.`,
    );
    // The first block was damaged since, and the last line of the journal was cut off.
    const data = cachedFile(cacheFolder, "y.tar");
    const bytes = readFileSync(data);
    bytes[100] = bytes[100]! ^ 1;
    writeFileSync(data, bytes);
    const journal = cachedFile(cacheFolder, "blocks");
    writeFileSync(journal, `${readFileSync(journal, "utf8")}\n2 0123`);
    respond = () => false;
    requests = [];
    const dataset = await openDataset(`${base}/y.tar`, { cacheFolder });
    expect(requests.slice(1).sort()).toEqual([
      `/y.tar bytes=0-${BLOCK - 1}`,
      `/y.tar bytes=${2 * BLOCK}-${tar.length - 1}`,
    ]);
    expect(Buffer.compare(readFileSync(data), tar)).toBe(0);
    await dataset.close();
    truncateSync(data, BLOCK + 5);
    requests = [];
    await (await openDataset(`${base}/y.tar`, { cacheFolder })).close();
    expect(requests.length).toBe(3);
    expect(Buffer.compare(readFileSync(data), tar)).toBe(0);
  });

  it("are tried again when a connection breaks or brings too little", async () => {
    files.set("/z.tar", tar);
    let failures = 3;
    respond = (request, response) => {
      if (request.headers.range === "bytes=0-0" || failures === 0) return false;
      failures--;
      if (failures === 1) {
        const range = request.headers.range!.slice("bytes=".length);
        response.writeHead(206, { etag, "content-range": `bytes ${range}/${tar.length}` });
        response.write(tar.subarray(0, 1000), () => response.destroy());
      } else request.socket.destroy();
      return true;
    };
    const dataset = await openDataset(`${base}/z.tar`, { cacheFolder: newCache() });
    expect([dataset.size, failures]).toEqual([2, 0]);
    await dataset.close();
  });

  it("that changed on the server are downloaded anew, or refused halfway", async () => {
    files.set("/v.tar", tar);
    const cacheFolder = newCache();
    await (await openDataset(`${base}/v.tar`, { cacheFolder })).close();
    etag = '"2"';
    requests = [];
    await (await openDataset(`${base}/v.tar`, { cacheFolder })).close();
    expect(requests.length).toBe(4);
    respond = (request) => {
      if (request.headers.range === "bytes=0-0") return false;
      etag = '"4"';
      return false;
    };
    etag = '"3"';
    expect(await failure(openDataset(`${base}/v.tar`, { cacheFolder }))).toContain(
      `Cannot read ${base}/v.tar: it changed on the server since it was opened (${tar.length} bytes, "3" before, ${tar.length} bytes, "4" now)`,
    );
  });

  it("name what a server cannot do", async () => {
    const open = (path: string) => failure(openDataset(`${base}${path}`, { cacheFolder: newCache() }));
    expect(await open("/nothing.tar")).toContain("/nothing.tar: the server answered with HTTP 404. Correct the URL");
    respond = (_, response) => {
      response.writeHead(200).end("everything");
      return true;
    };
    expect(await open("/whole.tar")).toContain(
      "the server sends whole files only: it answered a request for a part with HTTP 200.",
    );
    respond = (_, response) => {
      response.writeHead(206, { "content-range": "bytes 5-6/*" }).end("xx");
      return true;
    };
    expect(await open("/odd.tar")).toContain('the server answered with the range "bytes 5-6/*" to one of bytes 0 to 0');
    expect(await open("/*.tar")).toContain("a server does not list its files. Use braces");
    const closed = `http://127.0.0.1:${await closedPort()}/x.tar`;
    expect(await failure(openDataset(closed, { cacheFolder: newCache() }))).toMatch(
      /^Cannot read http:\/\/127.*\/x\.tar: .*ECONNREFUSED.*\. Correct the URL/,
    );
    const blocked = join(writeTree(root, { blocked: "a file" }), "blocked");
    files.set("/w.tar", tar);
    respond = () => false;
    expect(await failure(openDataset(`${base}/w.tar`, { cacheFolder: blocked }))).toMatch(
      /w\.tar cannot be kept in .*blocked.*ENOTDIR.*or choose another folder with `cacheFolder`\.$/,
    );
  });

  it("without a validator are not used again", async () => {
    files.set("/plain.tar", tar.subarray());
    const cacheFolder = newCache();
    respond = (request, response) => {
      const [, start, end] = /bytes=(\d+)-(\d+)/.exec(request.headers.range!)!.map(Number);
      const part = tar.subarray(start, end! + 1);
      response.writeHead(206, { "content-range": `bytes ${start}-${end}/${tar.length}` }).end(part);
      return true;
    };
    await (await openDataset(`${base}/plain.tar`, { cacheFolder })).close();
    requests = [];
    await (await openDataset(`${base}/plain.tar`, { cacheFolder })).close();
    expect(requests.length).toBe(4);
  });
});

describe("Parquet files behind URLs", () => {
  it("are read in parts: the end, the labels, and the row groups that are used", async () => {
    const small = readFileSync(
      fileURLToPath(new URL("../fixtures/parquet/train-00000-of-00002.parquet", import.meta.url)),
    );
    files.set("/p/train.parquet", small);
    const cacheFolder = newCache();
    const dataset = await openDataset(`${base}/p/train.parquet?download=true`, { cacheFolder });
    expect([[...dataset.labels], dataset.classNames]).toEqual([
      [2, 0, 1],
      ["ant", "bee", "cow"],
    ]);
    expect((await dataset.read(2)).data[0]).toBe(40);
    expect(statSync(cachedFile(cacheFolder, "train.parquet")).size).toBe(small.length);
    await dataset.close();
    // A file of several blocks: 12 MiB of something else in front. Offsets in the metadata no longer fit, which is noticed.
    files.set("/p/moved.parquet", Buffer.concat([Buffer.alloc(3 * BLOCK), small]));
    requests = [];
    expect(await failure(openDataset(`${base}/p/moved.parquet`, { cacheFolder: newCache() }))).toContain(
      "moved.parquet: the Parquet file cannot be read",
    );
    expect(requests.some((line) => line.endsWith(`bytes=${BLOCK}-${2 * BLOCK - 1}`))).toBe(false);
  });
});
