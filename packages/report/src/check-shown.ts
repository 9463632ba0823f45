import { checkInRange, checkInteger, InvalidArgumentError } from "@simclr/core";
import type { ReportData, ShownImage } from "./report-data.js";

const WHERE = "renderReport";

/**
 * Throws unless maps, neighbours, confused images, reliabilities and label efficiency can be drawn.
 *
 * @throws InvalidArgumentError naming the first field that is wrong.
 */
export function checkShown(data: ReportData): void {
  const { map, neighbours, confusion, reliability, labelEfficiency, distillation } = data;
  const count = data.thumbnails?.count ?? 0;
  const checkTile = (name: string, { tile }: ShownImage): void => {
    if (Number.isInteger(tile) && tile >= 0 && tile < count) return;
    const expected =
      count === 0
        ? "left out, as there are no `thumbnails`"
        : `an integer in [0, ${count - 1}], a tile of \`thumbnails\``;
    throw new InvalidArgumentError(`${WHERE}: \`${name}.tile\` must be ${expected}; received ${tile}.`, {
      ...{ subject: `${name}.tile`, expected, received: String(tile) },
    });
  };
  const share = (name: string, value: number): void => checkInRange(WHERE, { [name]: value }, 0, 1);
  map?.points.forEach((point, i) => {
    const name = `map.points[${i}]`;
    checkTile(name, point);
    share(`${name}.x`, point.x);
    share(`${name}.y`, point.y);
    checkClass(`${name}.label`, point.label, map.classNames.length);
  });
  neighbours?.rows.forEach((row, i) => {
    checkTile(`neighbours.rows[${i}].query`, row.query);
    row.neighbours.forEach((neighbour, j) => {
      checkTile(`neighbours.rows[${i}].neighbours[${j}]`, neighbour);
      checkInRange(
        WHERE,
        { [`neighbours.rows[${i}].neighbours[${j}].similarity`]: neighbour.similarity },
        -1.001,
        1.001,
      );
    });
  });
  confusion?.examples?.forEach(({ truth, predicted, images }, i) => {
    checkClass(`confusion.examples[${i}].truth`, truth, confusion.classNames.length);
    checkClass(`confusion.examples[${i}].predicted`, predicted, confusion.classNames.length);
    for (const [j, image] of images.entries()) checkTile(`confusion.examples[${i}].images[${j}]`, image);
  });
  reliability?.forEach(({ bins, error }, i) => {
    share(`reliability[${i}].error`, error);
    bins.forEach(({ count: examples, confidence, accuracy }, b) => {
      checkInteger(WHERE, { [`reliability[${i}].bins[${b}].count`]: examples }, 0);
      share(`reliability[${i}].bins[${b}].confidence`, confidence);
      share(`reliability[${i}].bins[${b}].accuracy`, accuracy);
    });
  });
  labelEfficiency?.forEach(({ labelCount, top1, testCount }, i) => {
    checkInteger(WHERE, { [`labelEfficiency[${i}].labelCount`]: labelCount }, 1);
    checkInteger(WHERE, { [`labelEfficiency[${i}].testCount`]: testCount }, 1);
    share(`labelEfficiency[${i}].top1`, top1);
  });
  distillation?.forEach(({ right, agreement, outcomes }, i) => {
    right.forEach(({ teacher = 0, student = 0 }, j) => {
      share(`distillation[${i}].right[${j}].teacher`, teacher);
      share(`distillation[${i}].right[${j}].student`, student);
    });
    for (const [j, { share: value }] of agreement.entries()) share(`distillation[${i}].agreement[${j}].share`, value);
    for (const [name, value] of Object.entries(outcomes)) share(`distillation[${i}].outcomes.${name}`, value);
  });
}

function checkClass(name: string, index: number, count: number): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  const expected = `an integer in [0, ${count - 1}], a class`;
  throw new InvalidArgumentError(`${WHERE}: \`${name}\` must be ${expected}; received ${index}.`, {
    ...{ subject: name, expected, received: String(index) },
  });
}
