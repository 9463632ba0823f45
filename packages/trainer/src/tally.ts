import type { EpochReport, StepReport } from "./hooks.js";

/** Sums over the steps of an epoch, or of the run. */
export class Tally {
  #steps = 0;
  #lastStep = -1;
  #loss = 0;
  #images = 0;
  #dataWaitMs = 0;
  #stepMs = 0;

  /** @param ranks - how many ranks made the step, each with as many images. */
  add(report: StepReport, ranks: number): void {
    this.#steps++;
    this.#lastStep = report.step;
    this.#loss += report.loss;
    this.#images += report.batchSize * ranks;
    this.#dataWaitMs += report.dataWaitMs;
    this.#stepMs += report.stepMs;
  }

  /** Fraction of the time in steps that was spent waiting for data, in [0, 1]. */
  get dataWaitFraction(): number {
    return this.#busyMs > 0 ? this.#dataWaitMs / this.#busyMs : 0;
  }

  epochReport(epoch: number): EpochReport {
    return {
      epoch,
      step: this.#lastStep,
      steps: this.#steps,
      meanLoss: this.#loss / this.#steps,
      metrics: {},
      imagesPerSecond: perSecond(this.#images, this.#busyMs),
      seconds: this.#busyMs / 1000,
    };
  }

  get #busyMs(): number {
    return this.#dataWaitMs + this.#stepMs;
  }
}

/** A rate from a count and the milliseconds it took; 0 where no time has passed. */
export const perSecond = (count: number, ms: number): number => (ms > 0 ? (count * 1000) / ms : 0);
