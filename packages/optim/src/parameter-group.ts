import { checkInRange, InvalidArgumentError, type Weight, type WeightRole } from "@simclr/core";

/** Weights that are trained otherwise than the rest. Plain data. */
export interface ParameterGroup {
  /** Weights below this path: `encoder` takes `encoder/stem/kernel`, not `encoder2/kernel`. @defaultValue all */
  readonly under?: string | undefined;
  /** Weights of these roles. @defaultValue all */
  readonly roles?: readonly WeightRole[] | undefined;
  /** Factor of the learning rate, >= 0; at 0 the group stays as it is but gathers momentum. @defaultValue 1 */
  readonly learningRateScale?: number | undefined;
  /** Instead of the optimizer's, for those weights of the group that are decayed, >= 0. @defaultValue the optimizer's */
  readonly weightDecay?: number | undefined;
}

/** How one weight is trained. */
export interface WeightRates {
  readonly learningRateScale: number;
  /** As the group says; undefined where it says nothing. */
  readonly weightDecay: number | undefined;
}

const NO_GROUP: WeightRates = { learningRateScale: 1, weightDecay: undefined };

/**
 * The rates of each weight: those of the first group that it belongs to.
 *
 * @param where - The optimizer, for messages.
 * @throws InvalidArgumentError if a group takes every weight, or one of its numbers is out of range.
 */
export function weightRates(where: string, groups: readonly ParameterGroup[]): (weight: Weight) => WeightRates {
  for (const [i, { under, roles, learningRateScale = 1, weightDecay = 0 }] of groups.entries()) {
    if (under === undefined && roles === undefined)
      throw new InvalidArgumentError(
        `${where}: \`groups[${i}]\` takes every weight; expected \`under\`, \`roles\` or both. Set the optimizer's own rates instead.`,
        { subject: `groups[${i}]`, expected: "under or roles", received: "neither" },
      );
    checkInRange(where, { learningRateScale }, 0, Number.MAX_VALUE);
    checkInRange(where, { weightDecay }, 0, Number.MAX_VALUE);
  }
  return (weight) => {
    const group = groups.find((one) => holds(one, weight));
    return group === undefined
      ? NO_GROUP
      : { learningRateScale: group.learningRateScale ?? 1, weightDecay: group.weightDecay };
  };
}

function holds({ under, roles }: ParameterGroup, { name, role }: Weight): boolean {
  const isUnder = under === undefined || name === under || name.startsWith(`${under}/`);
  return isUnder && (roles === undefined || roles.includes(role));
}
