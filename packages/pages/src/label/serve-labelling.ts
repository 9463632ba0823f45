import { InvalidArgumentError } from "@simclr/core";
import type { Limits } from "../server/limits.js";
import { type LocalServer, localServer } from "../server/local-server.js";
import { json, type Reply } from "../server/reply.js";
import { classKeys } from "./class-keys.js";
import { LABEL_PAGE } from "./label-page.js";
import { LABEL_SCRIPT } from "./label-script.js";

/** What the page shows. */
export interface LabellingView {
  readonly title: string;
  /** Where the labels are written, for people. */
  readonly file: string;
  /** Images of this round. */
  readonly total: number;
  readonly labelled: number;
  readonly skipped: number;
  /** The image that is asked for; undefined at the end. */
  readonly current: { readonly index: number; readonly file: string } | undefined;
  /** Place of the image that comes after it. */
  readonly next: number | undefined;
  readonly classes: readonly string[];
  /** The answer that undo takes back; without a label where the image was skipped. */
  readonly last: { readonly file: string; readonly label?: string | undefined } | undefined;
}

export interface ServeLabellingOptions {
  readonly view: () => LabellingView;
  /** Each resolves once the answer is kept, and rejects, with a message for people, where it could not be. */
  readonly answer: (file: string, label: string | undefined) => Promise<void>;
  readonly undo: () => Promise<void>;
  /** Asks for the skipped images again. */
  readonly revisit: () => Promise<void>;
  /** An image of the round by its place, as JPEG. */
  readonly picture: (index: number) => Promise<Uint8Array>;
  readonly port?: number;
  readonly limits?: Partial<Limits>;
}

/**
 * Serves a page on which one person labels images, by keyboard or by touch. The page keeps nothing: every answer is taken by the
 * program before the next image is shown.
 *
 * @throws InvalidArgumentError (rejects) as `localServer`.
 */
export async function serveLabelling(options: ServeLabellingOptions): Promise<LocalServer> {
  const { view, answer, undo, revisit, picture } = options;
  const shown = (): object => {
    const { classes, ...rest } = view();
    const keys = classKeys(classes);
    return { ...rest, classes: classes.map((name, i) => ({ name, key: keys[i] })) };
  };
  /** The new view, or why the answer was not taken; the page then shows what is so. */
  const after = async (act: () => Promise<void>): Promise<Reply> => {
    try {
      await act();
      return json(shown());
    } catch (error) {
      return json({ ...shown(), problem: error instanceof Error ? error.message : String(error) }, 409);
    }
  };
  return localServer({
    routes: {
      "GET ": () => ({ type: "text/html; charset=utf-8", body: LABEL_PAGE }),
      "GET label.js": () => ({ type: "text/javascript; charset=utf-8", body: LABEL_SCRIPT }),
      "GET view": () => json(shown()),
      "GET image": async ({ query }) => {
        const index = Number(query.get("index") ?? Number.NaN);
        if (!Number.isInteger(index) || index < 0 || index >= view().total) return json(null, 404);
        return { type: "image/jpeg", body: await picture(index) };
      },
      "POST answer": ({ body }) =>
        after(() => {
          const { file, label } = givenAnswer(body);
          return answer(file, label);
        }),
      "POST undo": () => after(undo),
      "POST revisit": () => after(revisit),
    },
    ...(options.port !== undefined && { port: options.port }),
    ...(options.limits && { limits: options.limits }),
  });
}

function givenAnswer(body: unknown): { file: string; label: string | undefined } {
  const { file, label } = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  if (typeof file === "string" && (typeof label === "string" || label === undefined)) return { file, label };
  throw new InvalidArgumentError('An answer must be {"file": text, "label": text}, or without a label to skip.', {
    subject: "answer",
  });
}
