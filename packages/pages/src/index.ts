export { type LabellingView, type ServeLabellingOptions, serveLabelling } from "./label/serve-labelling.js";
export type { Limits } from "./server/limits.js";
export type { LocalServer } from "./server/local-server.js";
export { type ServeReportOptions, serveReport } from "./watch/serve-report.js";
