import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Numbers of `TensorProto.DataType`. */
const FLOAT = 1;
const INT64 = 7;
/** Numbers of `AttributeProto.AttributeType`. */
const ATTRIBUTE = { float: 1, int: 2, ints: 7 } as const;

export type OnnxAttribute =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly ints: readonly number[] };

export interface OnnxNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** Values that are part of the file: float32, or 64-bit integers. */
export interface OnnxInitializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** A named tensor of float32; a string in the shape is a dimension known only at run time. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly producer: { readonly name: string; readonly version: string };
  readonly graphName: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** `metadata_props`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Version of the file format that came with opset 17. */
const IR_VERSION = 8;
const OPSET = 17;

/**
 * Writes an ONNX model.
 *
 * @see https://github.com/onnx/onnx/blob/v1.13.0/onnx/onnx.proto
 */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(IR_VERSION);
  text(writer, 2, model.producer.name);
  text(writer, 3, model.producer.version);
  message(writer, 7, () => {
    for (const node of model.nodes) message(writer, 1, () => writeNode(writer, node));
    text(writer, 2, model.graphName);
    for (const initializer of model.initializers) message(writer, 5, () => writeInitializer(writer, initializer));
    for (const value of model.inputs) message(writer, 11, () => writeValue(writer, value));
    for (const value of model.outputs) message(writer, 12, () => writeValue(writer, value));
  });
  message(writer, 8, () => writer.tag(2, WireType.Varint).int64(OPSET));
  for (const [key, value] of Object.entries(model.metadata))
    message(writer, 14, () => {
      text(writer, 1, key);
      text(writer, 2, value);
    });
  return writer.finish();
}

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function writeNode(writer: BinaryWriter, { type, inputs, outputs, attributes = {} }: OnnxNode): void {
  for (const input of inputs) text(writer, 1, input);
  for (const output of outputs) text(writer, 2, output);
  text(writer, 3, outputs[0]!);
  text(writer, 4, type);
  for (const [name, attribute] of Object.entries(attributes))
    message(writer, 5, () => {
      text(writer, 1, name);
      if ("float" in attribute) {
        writer.tag(2, WireType.Bit32).float(attribute.float);
        writer.tag(20, WireType.Varint).int32(ATTRIBUTE.float);
      } else if ("int" in attribute) {
        writer.tag(3, WireType.Varint).int64(attribute.int);
        writer.tag(20, WireType.Varint).int32(ATTRIBUTE.int);
      } else {
        for (const value of attribute.ints) writer.tag(8, WireType.Varint).int64(value);
        writer.tag(20, WireType.Varint).int32(ATTRIBUTE.ints);
      }
    });
}

function writeInitializer(writer: BinaryWriter, { name, shape, data }: OnnxInitializer): void {
  for (const size of shape) writer.tag(1, WireType.Varint).int64(size);
  writer.tag(2, WireType.Varint).int32(data instanceof Float32Array ? FLOAT : INT64);
  text(writer, 8, name);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  writer.tag(9, WireType.LengthDelimited).bytes(bytes);
}

function writeValue(writer: BinaryWriter, { name, shape }: OnnxValue): void {
  text(writer, 1, name);
  message(writer, 2, () =>
    message(writer, 1, () => {
      writer.tag(1, WireType.Varint).int32(FLOAT);
      message(writer, 2, () => {
        for (const size of shape)
          message(writer, 1, () => {
            if (typeof size === "number") writer.tag(1, WireType.Varint).int64(size);
            else text(writer, 2, size);
          });
      });
    }),
  );
}
