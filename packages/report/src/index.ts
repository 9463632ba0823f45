export { type IntervalRow, intervalChart } from "./figures/interval-chart.js";
export { type ImageSheetOptions, imageSheet } from "./image-sheet.js";
export { renderReport } from "./render-report.js";
export type {
  AccuracyRow,
  AugmentedViews,
  CalibrationCheck,
  ClassAccuracies,
  ClassAccuracy,
  Confusion,
  Curve,
  CurvePoint,
  Fact,
  ReportData,
} from "./report-data.js";
export { type Interval, wilsonInterval } from "./wilson.js";
export { writeReport } from "./write-report.js";
