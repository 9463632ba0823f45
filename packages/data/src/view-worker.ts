import { workerData } from "node:worker_threads";
import { type ViewJob, ViewMaker, type ViewOutcome, type ViewSettings } from "./make-views.js";

const maker = new ViewMaker(workerData as ViewSettings);

/** Worker entry: takes images of a batch until none is left. */
export default function makeViews(job: ViewJob): Promise<ViewOutcome> {
  return maker.run(job);
}
