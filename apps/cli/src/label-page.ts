import { basename, resolve } from "node:path";
import { type LabellingView, serveLabelling } from "@simclr/pages";
import { LabelRound, labellingClasses, pendingImages } from "@simclr/pipeline";
import { untilSignal } from "./until-signal.js";

export interface LabelPageOptions {
  readonly count: number;
  readonly seed: number;
  readonly labels?: string | undefined;
  readonly port?: number | undefined;
  /** Chooses images; called where no round is left to go on with. */
  readonly suggest: (count: number, labels: string | undefined) => Promise<readonly string[]>;
}

/** `simclr label MODEL IMAGES --page`, until a signal */
export async function labelPage(model: string, images: string, options: LabelPageOptions): Promise<void> {
  const { count, seed, labels, port, suggest } = options;
  const round = await LabelRound.open({
    source: JSON.stringify({ model: resolve(model), images: resolve(images), count, seed }),
    ...{ images, count, suggest },
    ...(labels !== undefined && { labels }),
  });
  try {
    const { images: asked, answers } = round.labelling;
    process.stderr.write(
      round.isResumed
        ? `going on where it was left: ${answers.length} of ${asked.length} images are answered\n`
        : `${asked.length} images to label\n`,
    );
    const server = await serveLabelling({
      view: () => view(round, basename(resolve(images))),
      answer: (file, label) => round.answer(file, label),
      undo: () => round.undo(),
      revisit: () => round.revisit(),
      picture: (index) => round.picture(index),
      ...(port !== undefined && { port }),
    });
    process.stderr.write(
      `Open this address on this machine; its token is the key. Ctrl-C ends it. Labels: ${round.file}\n`,
    );
    process.stdout.write(`${server.url}\n`);
    await untilSignal(server);
  } finally {
    await round.close();
  }
  const given = round.labelling.answers.filter(({ label }) => label !== undefined).length;
  process.stderr.write(
    `${given} of ${round.labelling.images.length} images labelled, in ${round.file}. Train again with \`labels: [{ given: true }]\`${labels === undefined ? "" : " and `data.labels`"}.\n`,
  );
}

function view({ labelling, file }: LabelRound, title: string): LabellingView {
  const { images, answers } = labelling;
  const labelled = answers.filter(({ label }) => label !== undefined).length;
  const [current, next] = pendingImages(labelling);
  return {
    ...{ title, file, labelled, total: images.length, skipped: answers.length - labelled },
    current: current === undefined ? undefined : { index: images.indexOf(current), file: current },
    next: next === undefined ? undefined : images.indexOf(next),
    classes: labellingClasses(labelling),
    last: answers.at(-1),
  };
}
