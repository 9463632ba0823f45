import { createHash } from "node:crypto";
import { type ReportData, type ReportParts, renderParts, reportPage } from "@simclr/report";
import type { Limits } from "../server/limits.js";
import { type LocalServer, localServer } from "../server/local-server.js";
import { json } from "../server/reply.js";
import { LIVE_SCRIPT } from "./live-script.js";

export interface ServeReportOptions {
  /** What the report shows now. */
  readonly data: () => Promise<ReportData>;
  /** A text that changes whenever `data` would; cheap, as it is asked for again and again. */
  readonly version: () => Promise<string>;
  /** Shown as the title where `data` cannot be had yet. */
  readonly title: string;
  readonly port?: number;
  readonly limits?: Partial<Limits>;
  /** Between two looks at `version`, in ms. @defaultValue 2000 */
  readonly everyMs?: number;
}

/** Rendering takes at most one part in so many of a processor's time: the rest is the run's. */
const SHARE = 20;

/**
 * Serves the report of a run that trains. Pages that are open are told which of its parts have changed, and fetch those. While
 * none is open, the run's folder is not looked at.
 *
 * @throws InvalidArgumentError (rejects) as `localServer`.
 */
export async function serveReport(options: ServeReportOptions): Promise<LocalServer> {
  const { data, version, title, everyMs = 2000 } = options;
  let rendered = await renderedParts(data, title);
  let known = await version();
  let restUntilMs = 0;

  const refresh = async (): Promise<void> => {
    const before = process.cpuUsage();
    rendered = await renderedParts(data, title);
    const { user, system } = process.cpuUsage(before);
    restUntilMs = performance.now() + (SHARE * (user + system)) / 1000;
  };
  /** One look at a time, however many ask. */
  let looking: Promise<boolean> | undefined;
  const lookNow = async (): Promise<boolean> => {
    if (performance.now() < restUntilMs) return false;
    const now = await version();
    if (now === known) return false;
    known = now;
    await refresh();
    return true;
  };
  const look = (): Promise<boolean> => {
    looking ??= lookNow().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  const server = await localServer({
    routes: {
      "GET ": async () => {
        await look();
        return { type: "text/html; charset=utf-8", body: pageOf(rendered) };
      },
      "GET live.js": () => ({ type: "text/javascript; charset=utf-8", body: LIVE_SCRIPT }),
      "GET part": ({ query }) => {
        const part = rendered.parts.find(({ id }) => id === query.get("id"));
        return json(part === undefined ? null : { html: part.html, hash: part.hash }, part === undefined ? 404 : 200);
      },
    },
    greeting: () => hashesOf(rendered),
    ...(options.port !== undefined && { port: options.port }),
    ...(options.limits && { limits: options.limits }),
  });
  const timer = setInterval(() => {
    if (server.listenerCount() === 0) return;
    void look().then((hasChanged) => hasChanged && server.broadcast(hashesOf(rendered)));
  }, everyMs);
  return {
    ...server,
    close() {
      clearInterval(timer);
      return server.close();
    },
  };
}

interface HashedParts extends ReportParts {
  readonly parts: readonly { readonly id: string; readonly html: string; readonly hash: string }[];
}

/** The parts of the report, or one that says why there are none yet. */
async function renderedParts(data: () => Promise<ReportData>, title: string): Promise<HashedParts> {
  const found = await data().catch(
    (error: unknown): ReportData => ({
      ...{ title, createdAt: new Date(0).toISOString(), accuracy: [], curves: [], facts: [], config: "" },
      ...{ headline: "This run has not begun.", status: error instanceof Error ? error.message : String(error) },
    }),
  );
  const { parts } = await renderParts(found);
  return {
    title: found.title,
    parts: parts.map(({ id, html }) => ({
      id,
      html,
      hash: createHash("sha256").update(html).digest("hex").slice(0, 16),
    })),
  };
}

/** One line of JSON: the ids of all parts in their order, with their hashes. */
const hashesOf = ({ parts }: HashedParts): string => JSON.stringify(parts.map(({ id, hash }) => [id, hash]));

function pageOf(parts: HashedParts): string {
  const hashes = hashesOf(parts).replaceAll('"', "&quot;");
  return reportPage(parts, { script: "live.js" }).replace(
    "</head>",
    () => `<meta name="parts" content="${hashes}">\n</head>`,
  );
}
