import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { encodeTfRecord } from "@simclr/tensor-files";
import type { Histogram } from "./histogram.js";

/** A picture, encoded. */
export interface EncodedImage {
  readonly width: number;
  readonly height: number;
  /** 1 for grey, 3 for RGB, 4 for RGBA. */
  readonly channels: 1 | 3 | 4;
  /** The whole PNG file. */
  readonly png: Uint8Array;
}

/** What is shown under one tag. */
export type SummaryValue =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly histogram: Histogram }
  | { readonly tag: string; readonly image: EncodedImage };

export interface SummaryEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly values: readonly SummaryValue[];
}

/** Numbers of the fields of TensorFlow's event.proto and summary.proto. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const VALUE = { tag: 1, scalar: 2, image: 4, histogram: 5 } as const;
const SESSION_START = 1;

/** The first record of every event file. */
export const versionRecord = (wallTime: number): Uint8Array =>
  record(eventAt(wallTime).uint32(key(EVENT.fileVersion, WireType.LengthDelimited)).string("brain.Event:2"));

/** Says that the run begins at `step`: TensorBoard forgets what older files have from there on. */
export const sessionStartRecord = (wallTime: number, step: number): Uint8Array =>
  record(
    message(withStep(eventAt(wallTime), step), EVENT.sessionLog, (log) =>
      log.uint32(key(1, WireType.Varint)).int32(SESSION_START),
    ),
  );

export function summaryRecord({ wallTime, step, values }: SummaryEvent): Uint8Array {
  const event = withStep(eventAt(wallTime), step);
  return record(
    message(event, EVENT.summary, (summary) => {
      for (const value of values) message(summary, 1, (writer) => writeValue(writer, value));
    }),
  );
}

function writeValue(writer: BinaryWriter, value: SummaryValue): void {
  writer.uint32(key(VALUE.tag, WireType.LengthDelimited)).string(value.tag);
  if ("scalar" in value) writer.uint32(key(VALUE.scalar, WireType.Bit32)).float(value.scalar);
  else if ("histogram" in value)
    message(writer, VALUE.histogram, (histogram) => writeHistogram(histogram, value.histogram));
  else message(writer, VALUE.image, (image) => writeImage(image, value.image));
}

function writeHistogram(writer: BinaryWriter, histogram: Histogram): void {
  const { minimum, maximum, count, sum, sumOfSquares, limits, counts } = histogram;
  for (const [i, number] of [minimum, maximum, count, sum, sumOfSquares].entries())
    writer.uint32(key(i + 1, WireType.Bit64)).double(number);
  for (const [field, numbers] of [
    [6, limits],
    [7, counts],
  ] as const) {
    writer.uint32(key(field, WireType.LengthDelimited)).fork();
    for (const number of numbers) writer.double(number);
    writer.join();
  }
}

function writeImage(writer: BinaryWriter, { width, height, channels, png }: EncodedImage): void {
  for (const [i, number] of [height, width, channels].entries())
    writer.uint32(key(i + 1, WireType.Varint)).int32(number);
  writer.uint32(key(4, WireType.LengthDelimited)).bytes(png);
}

const key = (field: number, type: WireType): number => (field << 3) | type;

const record = (writer: BinaryWriter): Uint8Array => encodeTfRecord(writer.finish());

const eventAt = (wallTime: number): BinaryWriter =>
  new BinaryWriter().uint32(key(EVENT.wallTime, WireType.Bit64)).double(wallTime);

const withStep = (writer: BinaryWriter, step: number): BinaryWriter =>
  writer.uint32(key(EVENT.step, WireType.Varint)).int64(step);

function message(writer: BinaryWriter, field: number, write: (inner: BinaryWriter) => void): BinaryWriter {
  writer.uint32(key(field, WireType.LengthDelimited)).fork();
  write(writer);
  return writer.join();
}
