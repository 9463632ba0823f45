import { synchroniseStatistics } from "@simclr/distributed";
import type { ForwardOptions } from "@simclr/models";
import type { StepContext } from "@simclr/trainer";

/**
 * Batch norm over the rows of all ranks, as one rank with the whole batch would have it. Where ranks cannot block, which those
 * that share a process cannot, each normalises with its own rows.
 */
export function acrossRanks({ communicator }: StepContext): Pick<ForwardOptions, "synchronise"> {
  const together = communicator.size > 1 && communicator.blocking !== undefined;
  return together ? { synchronise: synchroniseStatistics(communicator) } : {};
}
