/** Bytes of a file, half open. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A run of rows that is stored, and so decoded, as one. */
export interface RowGroup {
  readonly rows: number;
  /** The column of images. */
  readonly images: ByteRange;
  /** The column of labels. */
  readonly labels: ByteRange | undefined;
  /** Bytes of the images once they are unpacked, as the file says. */
  readonly imageBytes: number;
}

/** What is wanted of a file: columns by name, the usual ones where undefined. */
export interface DescribeTask {
  readonly kind: "describe";
  readonly path: string;
  readonly image: string | undefined;
  readonly label: string | undefined;
}

export interface Description {
  readonly rowGroups: readonly RowGroup[];
  readonly imageColumn: string;
  readonly labelColumn: string | undefined;
  /** Names of the classes that Hugging Face's metadata has for the label column. */
  readonly classNames: readonly string[] | undefined;
}

/** Decode one row group of a column. */
export interface ColumnTask {
  readonly kind: "labels" | "images";
  readonly path: string;
  readonly column: string;
  readonly group: number;
}

/** Class of each row: a number, a name, or nothing. */
export type LabelColumn = readonly (number | string | null)[];

/** The encoded images of a row group, one after another. */
export interface ImageColumn {
  readonly bytes: Uint8Array;
  /** Where each image starts in `bytes`; one more at the end, [rows + 1]. */
  readonly starts: Float64Array;
  /** Rows without bytes: why. */
  readonly missing: readonly (readonly [row: number, reason: string])[];
}

export type ParquetTask = DescribeTask | ColumnTask;
export type ParquetReply = { readonly result: unknown } | { readonly problem: string };
