/** Thrown when a signal ended a stage after what it made was written: nothing is lost, the run can go on later. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}
