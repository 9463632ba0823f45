import { checkInRange, checkInteger, InvalidArgumentError } from "@simclr/core";
import { checkImage } from "./check-image.js";
import { checkShown } from "./check-shown.js";
import type { Confusion, Curve, ReportData, ViewImages } from "./report-data.js";
import { groupByLabels } from "./summary.js";

const WHERE = "renderReport";
const PERCENT_HINT = "Pass a fraction: 0.912 for 91.2 %.";

/**
 * Throws unless a report can be drawn from `data`.
 *
 * @throws InvalidArgumentError naming the first field that is wrong, such as `accuracy[2].top1`.
 */
export function checkReport(data: ReportData): void {
  checkTime(data.createdAt);
  data.accuracy.forEach(({ top1, testCount, againstBaseline }, i) => {
    checkInRange(WHERE, { [`accuracy[${i}].top1`]: top1 }, 0, 1, PERCENT_HINT);
    checkInteger(WHERE, { [`accuracy[${i}].testCount`]: testCount }, 1);
    if (againstBaseline !== undefined) {
      const { gained, lost } = againstBaseline;
      checkInteger(WHERE, { [`accuracy[${i}].againstBaseline.gained`]: gained }, 0);
      checkInteger(WHERE, { [`accuracy[${i}].againstBaseline.lost`]: lost }, 0);
    }
  });
  for (const { labels, rows } of groupByLabels(data.accuracy)) {
    const baselines = rows.filter((row) => row.isBaseline === true).length;
    if (baselines > 1) {
      refuse("accuracy", `one baseline for labels "${labels}"`, String(baselines), "Set `isBaseline` on one row only.");
    }
  }
  data.curves.forEach(checkCurve);
  data.calibration?.forEach(({ value }, i) => {
    checkFinite(`calibration[${i}].value`, value);
  });
  if (data.views !== undefined && "original" in data.views) checkViews(data.views);
  if (data.confusion !== undefined) checkConfusion(data.confusion);
  checkShown(data);
  data.perClass?.classes.forEach(({ top1, testCount }, i) => {
    checkInRange(WHERE, { [`perClass.classes[${i}].top1`]: top1 }, 0, 1, PERCENT_HINT);
    checkInteger(WHERE, { [`perClass.classes[${i}].testCount`]: testCount }, 1);
  });
  for (const list of ["facts", "distillationFacts"] as const) {
    data[list]?.forEach(({ value }, i) => {
      if (typeof value === "number") checkFinite(`${list}[${i}].value`, value);
    });
  }
}

function checkTime(createdAt: string): void {
  if (/^\d{4}-\d{2}-\d{2}/.test(createdAt) && Number.isFinite(Date.parse(createdAt))) return;
  refuse("createdAt", "an ISO 8601 time", `"${createdAt}"`, "Pass new Date().toISOString().");
}

function checkCurve({ points, reference, metric }: Curve, curve: number): void {
  const hint = `This is the curve "${metric}".`;
  points.forEach(({ step, value }, i) => {
    const at = `curves[${curve}].points[${i}]`;
    checkFinite(`${at}.step`, step, hint);
    checkFinite(`${at}.value`, value, hint);
    const before = points[i - 1]?.step ?? step;
    if (step < before) refuse(`${at}.step`, `>= ${before}, the step before`, String(step), `${hint} Sort its points.`);
  });
  if (reference !== undefined) checkFinite(`curves[${curve}].reference.value`, reference.value, hint);
}

function checkViews({ original, views }: ViewImages): void {
  if (views.length !== original.length) {
    const hint = "Give one list of views for each original.";
    refuse("views.views", `${original.length} lists, like \`views.original\``, String(views.length), hint);
  }
  original.forEach((image, i) => {
    checkImage(WHERE, `views.original[${i}]`, image);
  });
  views.forEach((ofImage, i) => {
    const count = views[0]!.length;
    if (ofImage.length !== count) {
      const hint = "Give every image the same number of views.";
      refuse(`views.views[${i}]`, `${count} views, like the first image`, String(ofImage.length), hint);
    }
    ofImage.forEach((view, j) => {
      checkImage(WHERE, `views.views[${i}][${j}]`, view);
    });
  });
}

function checkConfusion({ classNames, matrix }: Confusion): void {
  const size = classNames.length;
  if (matrix.length !== size) {
    refuse("confusion.matrix", `${size} rows, one for each class name`, String(matrix.length), "");
  }
  matrix.forEach((row, i) => {
    if (row.length !== size) {
      refuse(`confusion.matrix[${i}]`, `${size} counts, one for each class name`, String(row.length), "");
    }
    row.forEach((count, j) => {
      checkInteger(WHERE, { [`confusion.matrix[${i}][${j}]`]: count }, 0, "Pass counts of images, not shares.");
    });
  });
}

function checkFinite(name: string, value: number, hint = ""): void {
  if (!Number.isFinite(value)) refuse(name, "a finite number", String(value), hint);
}

function refuse(name: string, expected: string, received: string, hint: string): never {
  const message = `${WHERE}: \`${name}\` must be ${expected}; received ${received}.${hint && ` ${hint}`}`;
  throw new InvalidArgumentError(message, { subject: name, expected, received });
}
