import { move } from "piscina";
import { type CropTask, cropViews } from "./crop-views.js";

/** Worker entry: cuts crops and moves the result to the main thread. */
export default function cropInWorker(task: CropTask): Float32Array {
  return move(cropViews(task)) as unknown as Float32Array;
}
