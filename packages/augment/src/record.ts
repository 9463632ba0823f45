/** What was drawn for one image, ready for JSON; the doc comment of each augmentation names its keys. */
export type DrawnParameters = Readonly<
  Record<string, number | boolean | string | readonly number[] | readonly string[]>
>;

/**
 * Is told what each augmentation drew for each image; asking does not change what is drawn.
 *
 * @param place - Place of the image in the batch, from 0.
 * @param parameters - What was drawn, such as `{ applied: true, degrees: -12.5 }`.
 * @param path - The steps that the draw lies in, outermost first. An augmentation leaves it out when it reports its own
 *   draw: whatever called it adds its name in front.
 */
export type RecordDraw = (place: number, parameters: DrawnParameters, ...path: string[]) => void;
