import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";
import { CheckpointError } from "@simclr/core";

/** The key under which TensorFlow 2 stores what its keys stand for. */
export const OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH";

/** One variable of an object-based checkpoint. */
export interface GraphVariable {
  /** Its name in the program that saved it, such as `resnet/conv2d_5/kernel`; empty where it had none. */
  readonly fullName: string;
  /** Its name in the checkpoint, such as `trainable_variables_list/12/.ATTRIBUTES/VARIABLE_VALUE`. */
  readonly key: string;
  /** Whether it belongs to an optimizer. */
  readonly isSlot: boolean;
}

/**
 * Reads the variables of a `TrackableObjectGraph`, the value of `OBJECT_GRAPH_KEY`.
 *
 * @param where - Name of the checkpoint, for messages.
 * @throws CheckpointError if the message is damaged.
 */
export function readObjectGraph(bytes: Uint8Array, where: string): GraphVariable[] {
  const nodes: { variables: { fullName: string; key: string }[] }[] = [];
  const slots = new Set<number>();
  try {
    forEachField(bytes, (field, node) => {
      if (field !== 1) return;
      const variables: { fullName: string; key: string }[] = [];
      forEachField(node, (part, message) => {
        if (part === 2) variables.push(readAttribute(message));
        if (part === 3) slots.add(numberOf(message, 3));
      });
      nodes.push({ variables });
    });
  } catch (cause) {
    throw new CheckpointError(
      `${where}: the object graph is damaged (${(cause as Error).message}). Copy or download the checkpoint's files again.`,
      { subject: where, cause },
    );
  }
  return nodes.flatMap(({ variables }, i) => variables.map((variable) => ({ ...variable, isSlot: slots.has(i) })));
}

function readAttribute(bytes: Uint8Array): { fullName: string; key: string } {
  const texts = new Map<number, string>();
  forEachField(bytes, (field, text) => texts.set(field, new TextDecoder().decode(text)));
  return { fullName: texts.get(2) ?? "", key: texts.get(3) ?? "" };
}

function numberOf(bytes: Uint8Array, wanted: number): number {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === wanted) return reader.uint32();
    reader.skip(wireType, field);
  }
  return 0;
}

/** Hands every field of bytes to `visit`. */
function forEachField(bytes: Uint8Array, visit: (field: number, value: Uint8Array) => void): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType === (2 satisfies WireType)) visit(field, reader.bytes());
    else reader.skip(wireType, field);
  }
}
