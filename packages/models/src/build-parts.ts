import { InvalidArgumentError } from "@simclr/core";
import type { DefinedEncoder } from "./define-encoder.js";
import type { DefinedHead } from "./define-head.js";
import type { ArchitectureDescription, Encoder } from "./encoder.js";
import { type HeadDescription, type ProjectionHead, projectionHead } from "./projection-head.js";
import { resNet } from "./res-net.js";
import type { WeightSource } from "./weight-spec.js";

/** Encoders and heads beside the built-in ones: what a description may name. */
export interface Definitions {
  /** From `defineEncoder`. @defaultValue none */
  readonly encoders?: readonly DefinedEncoder[] | undefined;
  /** From `defineHead`. @defaultValue none */
  readonly heads?: readonly DefinedHead[] | undefined;
}

/**
 * Builds an encoder from its description, with new weights; give "zeros" and load saved ones with `assignWeights`.
 *
 * @param definitions - What an encoder of one's own is built by.
 * @throws InvalidArgumentError if the description is of another kind, of an impossible architecture, or its definition is
 * missing.
 */
export function buildEncoder(
  description: ArchitectureDescription,
  random: WeightSource,
  { encoders = [] }: Definitions = {},
): Encoder {
  if (description.kind === "defined-encoder") {
    const { definition, options, imageSize, channels, name } = description;
    return find("encoder", definition, encoders).build({ options, imageSize, channels, name, random });
  }
  checkKind("buildEncoder", description, "resnet");
  return resNet({ ...description, random });
}

/**
 * Builds a head from its description, with new weights; give "zeros" and load saved ones with `assignWeights`.
 *
 * @param definitions - What a head of one's own is built by.
 * @throws InvalidArgumentError if the description is of another kind, or its definition is missing.
 */
export function buildProjectionHead(
  description: HeadDescription,
  random: WeightSource,
  { heads = [] }: Definitions = {},
): ProjectionHead {
  if (description.kind === "defined-head") {
    const { definition, options, inputDimension, name } = description;
    return find("head", definition, heads).build({ options, inputDimension, name, random });
  }
  checkKind("buildProjectionHead", description, "projection-head");
  return projectionHead({ ...description, random });
}

/** @throws InvalidArgumentError unless the description is of that kind. */
export function checkKind(where: string, description: { readonly kind: string }, kind: string): void {
  if (description.kind === kind) return;
  throw new InvalidArgumentError(
    `${where}: the description must be of kind "${kind}"; received "${description.kind}". Pass what describe() returned.`,
    { subject: "kind", expected: kind, received: description.kind },
  );
}

function find<T extends { readonly name: string }>(kind: "encoder" | "head", name: string, known: readonly T[]): T {
  const found = known.find((definition) => definition.name === name);
  if (found !== undefined) return found;
  const names = known.map((definition) => definition.name).join(", ") || "none";
  throw new InvalidArgumentError(
    `The network has the ${kind} "${name}", which is not built in; definitions given: ${names}. Pass what define${kind === "encoder" ? "Encoder" : "Head"} made of it, or name the plugin that holds it, with --plugin on the command line.`,
    { subject: kind, expected: name, received: names },
  );
}
