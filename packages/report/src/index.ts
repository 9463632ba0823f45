export { type IntervalRow, intervalChart } from "./figures/interval-chart.js";
export { type ImageSheetOptions, imageSheet } from "./image-sheet.js";
export { pairedInterval } from "./paired-interval.js";
export { type PictureOptions, picture } from "./picture.js";
export {
  type PreviewedStep,
  type PreviewedView,
  type PreviewPageData,
  type PreviewRow,
  previewPage,
} from "./preview-page.js";
export { type PageOptions, type ReportParts, renderParts, renderReport, reportPage } from "./render-report.js";
export type {
  AccuracyRow,
  AugmentedViews,
  CalibrationCheck,
  ClassAccuracies,
  ClassAccuracy,
  ConfusedImages,
  Confusion,
  Curve,
  CurvePoint,
  EfficiencyPoint,
  EmbeddingMap,
  Fact,
  LabelledImage,
  MapPoint,
  NeighbourRow,
  NeighbourSheet,
  Reliability,
  ReliabilityBin,
  ReportData,
  ShownImage,
  TeacherStudent,
  Thumbnails,
  ViewImages,
  ViewSheet,
} from "./report-data.js";
export { viewSheet } from "./sections/views.js";
export { STYLE as REPORT_STYLE } from "./style.js";
export { type ThumbnailsOptions, thumbnails } from "./thumbnails.js";
export { type Interval, wilsonInterval } from "./wilson.js";
export { writeReport } from "./write-report.js";
