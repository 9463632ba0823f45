/** Height, width and channels of an image. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** One decoded image: uint8 in [0, 255], row-major [height, width, channels]. */
export interface RawImage extends ImageShape {
  readonly data: Uint8Array;
}

/** Label of an image whose class is not known. */
export const UNLABELLED = -1;

/** A finite, indexed set of images, some of them with labels. */
export interface Dataset {
  /** For people: the path or the built-in name. */
  readonly name: string;
  /** Number of images. */
  readonly size: number;
  /** The shape that all images share; undefined where sizes differ or are not known before decoding. */
  readonly imageShape: ImageShape | undefined;
  /** Names of the classes, in the order of their indices; empty where nothing is labelled. */
  readonly classNames: readonly string[];
  /** Class index of every image, [size]; `UNLABELLED` where it is not known. */
  readonly labels: Int32Array;
  /** Changes whenever the images, their order or their labels change. */
  readonly fingerprint: string;
  /** The name of an image, for messages and predictions: a file or `archive.tar:member`. */
  id(index: number): string;
  /** Decodes one image. Rejects with a DataError that names the file. */
  read(index: number): Promise<RawImage>;
  /** Releases files and workers. */
  close(): Promise<void>;
}

/** Which images a batch holds, and their labels. */
interface BatchBase {
  /** Indices into the dataset, [N]. */
  readonly indices: Int32Array;
  /** Class indices, [N]; `UNLABELLED` where not known. */
  readonly labels: Int32Array;
}

/** Images as they are stored, all of one size; cropping is left to the augmentation on the device. */
export interface RawBatch extends BatchBase {
  readonly kind: "raw";
  /** uint8 [N, H, W, C]; given away, the loader does not touch it again. */
  readonly images: Uint8Array;
  readonly shape: readonly [number, number, number, number];
}

/** Views that the loader has cropped and resized where the images were decoded. */
export interface CroppedBatch extends BatchBase {
  readonly kind: "cropped";
  /** One array per view: float32 [N, S, S, C], nominally in [0, 1] (bicubic kernels may overshoot). */
  readonly views: readonly Float32Array[];
  readonly shape: readonly [number, number, number, number];
}

export type ImageBatch = RawBatch | CroppedBatch;
