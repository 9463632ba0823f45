import { InvalidArgumentError } from "@simclr/core";

/** What was said of an image. */
export interface LabelAnswer {
  readonly file: string;
  /** Without one the image was skipped. */
  readonly label?: string | undefined;
}

/** A round of labelling: images that are asked for one after another, and the answers so far. */
export interface Labelling {
  /** Each once, in the order in which they are asked for. */
  readonly images: readonly string[];
  /** In the order in which they were given, at most one for each image. */
  readonly answers: readonly LabelAnswer[];
  /** Known before the round; the classes of its answers follow them. */
  readonly classes: readonly string[];
}

const MOST_CHARACTERS = 100;

/** Images that are still to be answered. */
export function pendingImages({ images, answers }: Labelling): readonly string[] {
  const answered = new Set(answers.map(({ file }) => file));
  return images.filter((file) => !answered.has(file));
}

/** All classes, in an order that answers only add to. */
export function labellingClasses({ classes, answers }: Labelling): readonly string[] {
  return [...new Set([...classes, ...answers.flatMap(({ label }) => label ?? [])])];
}

/**
 * Answers the image that is asked for. A label that differs from a class by upper and lower case only is that class.
 *
 * @param label - undefined skips the image.
 * @throws InvalidArgumentError for another image (answered already, in another window), or a label that cannot be a class.
 */
export function withAnswer(labelling: Labelling, file: string, label: string | undefined): Labelling {
  const [asked] = pendingImages(labelling);
  if (file !== asked)
    throw new InvalidArgumentError(
      `"${file}" is not the image that is asked for${asked === undefined ? "" : `, which is "${asked}"`}. It was answered in another window; answer the one that is shown now.`,
      { subject: "file", expected: asked ?? "no image", received: file },
    );
  const given = label === undefined ? undefined : classNamed(label, labellingClasses(labelling));
  return { ...labelling, answers: [...labelling.answers, { file, ...(given !== undefined && { label: given }) }] };
}

/** Takes the last answer back; its image is asked for again. */
export function withoutLastAnswer(labelling: Labelling): Labelling {
  return { ...labelling, answers: labelling.answers.slice(0, -1) };
}

/** Asks for the skipped images again. */
export function withSkippedAgain(labelling: Labelling): Labelling {
  return { ...labelling, answers: labelling.answers.filter(({ label }) => label !== undefined) };
}

function classNamed(label: string, classes: readonly string[]): string {
  const name = label.trim();
  if (name === "" || name.length > MOST_CHARACTERS || /\p{Cc}/u.test(name))
    throw new InvalidArgumentError(
      `The name of a class must have 1 to ${MOST_CHARACTERS} characters in one line; received ${JSON.stringify(name.slice(0, MOST_CHARACTERS))}${name.length > MOST_CHARACTERS ? ` and ${name.length - MOST_CHARACTERS} more characters` : ""}. Choose another name.`,
      { subject: "label", expected: `1 to ${MOST_CHARACTERS} characters`, received: name },
    );
  const same = (one: string): boolean => one.toLowerCase() === name.toLowerCase();
  return classes.find((one) => one === name) ?? classes.find(same) ?? name;
}
