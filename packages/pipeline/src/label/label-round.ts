import { readFile, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { checkInteger, DataError, InvalidArgumentError, UNLABELLED } from "@simclr/core";
import { type OpenedDataset, openDataset } from "@simclr/data";
import { picture } from "@simclr/report";
import { writeFilesAtomic } from "@simclr/tensor-files/node";
import { LabelRows } from "./label-rows.js";
import { type Labelling, withAnswer, withoutLastAnswer, withSkippedAgain } from "./labelling.js";
import { encodeRound, type ResumedRound, resumeRound, roundFile } from "./round-file.js";

export interface LabelRoundOptions {
  /** A folder of images. */
  readonly images: string;
  /** Where the labels are, or will be. @defaultValue `labels.csv` in the folder */
  readonly labels?: string;
  /** Images of a new round, >= 1; fewer where fewer lack a label. @defaultValue 20 */
  readonly count?: number;
  /** What chose the images, such as a model and a seed: a round goes on only for the same. */
  readonly source: string;
  /**
   * Chooses the images of a new round.
   *
   * @param count - How many, at most those without a label.
   * @param labels - The file that says which have one; undefined where the folder itself does.
   */
  readonly suggest: (count: number, labels: string | undefined) => Promise<readonly string[]>;
}

/**
 * A round of labelling whose every answer is on the disk before it counts: the labels in a `labels.csv`, to which rows are added
 * at the end, how far it has come in a hidden file beside it. Changes are made one after another.
 */
export class LabelRound {
  /** Where the labels are. */
  readonly file: string;
  /** Whether an earlier round goes on. */
  readonly isResumed: boolean;
  readonly #source: string;
  readonly #dataset: OpenedDataset;
  readonly #rowOf: ReadonlyMap<string, number>;
  readonly #rows: LabelRows;
  #labelling: Labelling;
  /** What the file holds, as far as this program knows; undefined where there is none. */
  #text: string | undefined;
  #work: Promise<void> = Promise.resolve();

  private constructor(begin: ResumedRound & { isResumed: boolean; source: string }, place: LabelPlace) {
    this.file = place.file;
    this.isResumed = begin.isResumed;
    this.#source = begin.source;
    this.#dataset = place.dataset;
    this.#rowOf = place.rowOf;
    this.#text = place.text;
    this.#rows = begin.rows;
    this.#labelling = begin.labelling;
  }

  /**
   * Goes on with the round that was left, or begins one.
   *
   * @throws DataError if images or labels cannot be read or written, or every image has a label; InvalidArgumentError if `images` is
   *   no folder of images.
   */
  static async open({ images, labels, count = 20, source, suggest }: LabelRoundOptions): Promise<LabelRound> {
    checkInteger("label", { count }, 1);
    const place = await openPlace(images, labels);
    try {
      const { file, text, dataset, rowOf, known } = place;
      const rows = text === undefined ? LabelRows.of(known) : new LabelRows(text);
      const left = await resumeRound(file, source, rows, new Set(rowOf.keys()), known);
      const labelling = left?.labelling ?? {
        images: await newImages(place, count, suggest),
        answers: [],
        classes: dataset.classNames,
      };
      const round = new LabelRound(
        { labelling, rows: left?.rows ?? rows, isResumed: left !== undefined, source },
        place,
      );
      await round.#save(labelling);
      return round;
    } catch (error) {
      await place.dataset.close();
      throw error;
    }
  }

  get labelling(): Labelling {
    return this.#labelling;
  }

  /** @throws InvalidArgumentError as `withAnswer`; DataError if it cannot be written, or another program has changed the labels. */
  answer(file: string, label: string | undefined): Promise<void> {
    return this.#change((labelling) => withAnswer(labelling, file, label));
  }

  /** Takes the last answer back. @throws DataError as `answer`. */
  undo(): Promise<void> {
    return this.#change(withoutLastAnswer);
  }

  /** Asks for the skipped images again. @throws DataError as `answer`. */
  revisit(): Promise<void> {
    return this.#change(withSkippedAgain);
  }

  /** An image of the round by its place, upright, as JPEG. */
  async picture(index: number): Promise<Uint8Array> {
    return picture(await this.#dataset.read(this.#rowOf.get(this.#labelling.images[index]!)!));
  }

  /** Waits for an answer that is being written. */
  async close(): Promise<void> {
    await this.#work;
    await this.#dataset.close();
  }

  #change(change: (labelling: Labelling) => Labelling): Promise<void> {
    const done = this.#work.then(async () => {
      const next = change(this.#labelling);
      await this.#save(next);
      this.#labelling = next;
    });
    this.#work = done.catch(() => undefined);
    return done;
  }

  async #save(next: Labelling): Promise<void> {
    if ((await textOf(this.file)) !== this.#text)
      throw new DataError(
        `${this.file} was changed by another program, and is left as it is. End simclr label with Ctrl-C and start it again: it goes on with what the file says then.`,
        { subject: this.file, expected: "the file as this program left it" },
      );
    const text = this.#rows.withAnswers(next.answers);
    const isFirst = this.#text === undefined && !next.answers.some(({ label }) => label !== undefined);
    const isChanged = text !== this.#text && next.answers !== this.#labelling.answers && !isFirst;
    try {
      await writeFilesAtomic({
        [roundFile(this.file)]: [encodeRound(this.#source, next)],
        ...(isChanged && { [this.file]: [new TextEncoder().encode(text)] }),
      });
    } catch (cause) {
      throw new DataError(
        `${this.file} could not be written: ${(cause as Error).message}. Earlier answers are kept, this one is not. Make room or allow writing, or choose another file with --labels.`,
        { subject: this.file, cause },
      );
    }
    if (isChanged) this.#text = text;
  }
}

/** Images, and the file of their labels. */
interface LabelPlace {
  readonly file: string;
  readonly text: string | undefined;
  readonly dataset: OpenedDataset;
  /** Index of each image by its name. */
  readonly rowOf: ReadonlyMap<string, number>;
  /** Labels by the image's name, of the file or else of the folder itself. */
  readonly known: ReadonlyMap<string, string>;
}

async function openPlace(images: string, labels = join(images, "labels.csv")): Promise<LabelPlace> {
  const found = await stat(images).catch(() => undefined);
  if (!found?.isDirectory())
    throw new InvalidArgumentError(
      `label: the page needs a folder of images on this machine; received ${images}, which is ${found ? "a file" : "not there"}. Correct the path; unpack an archive first.`,
      { subject: "images", expected: "a folder", received: images },
    );
  const file = await realpath(labels).catch(() => resolve(labels)); // through a link, which stays
  const text = await textOf(file);
  const dataset = await openDataset(images, {
    format: "folder",
    ...(text !== undefined && { labels: file }),
  });
  const names = Array.from({ length: dataset.size }, (_, row) => dataset.id(row));
  const known = names.flatMap((name, row): [string, string][] => {
    const label = dataset.labels[row]!;
    return label === UNLABELLED ? [] : [[name, dataset.classNames[label]!]];
  });
  return { file, text, dataset, rowOf: new Map(names.map((name, row) => [name, row])), known: new Map(known) };
}

async function newImages(
  { file, text, dataset, rowOf, known }: LabelPlace,
  count: number,
  suggest: LabelRoundOptions["suggest"],
): Promise<readonly string[]> {
  const most = dataset.size - known.size;
  if (most === 0)
    throw new DataError(
      `Every one of the ${dataset.size} images of ${dataset.name} has a label. There is nothing to ask; labels are corrected in ${file}.`,
      { subject: dataset.name, expected: "images without a label" },
    );
  const images = await suggest(Math.min(count, most), text === undefined ? undefined : file);
  const unknown = images.find((name) => !rowOf.has(name));
  if (unknown === undefined) return images;
  throw new InvalidArgumentError(
    `label: the page needs a folder of image files, and "${unknown}" is none of ${dataset.name}. Name the folder that holds the images, such as ${join(dataset.name, "train")}.`,
    { subject: "images", expected: "a folder of image files", received: unknown },
  );
}

/** The text of a file, or undefined where there is none. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new DataError(
      `Cannot read the labels ${file}: ${(cause as Error).message}. Name a CSV file with --labels, or one that is not there yet.`,
      { subject: file, expected: "a CSV file", cause },
    );
  }
}
