/** What the page and the worker that computes say to each other. */

export type BackendName = "webgpu" | "webgl";

export type NetworkName = "conv-net" | "resnet";

export interface Settings {
  readonly backend: "auto" | BackendName;
  readonly network: NetworkName;
  /** Channels of the ConvNet's first layer, and how many layers it has. */
  readonly width: number;
  readonly layers: number;
  /** Side of the views that the network sees, in pixels. */
  readonly viewSize: number;
  /** Updates of the pretraining. */
  readonly steps: number;
  /** Images of one update; chance of the contrast accuracy is one over it. */
  readonly batchSize: number;
  /** Pictures that are drawn to train on, where the reader brings none. */
  readonly images: number;
  /** Updates of fine-tuning and distillation; 0 leaves both out. */
  readonly studentSteps: number;
  /** Updates between two maps. */
  readonly mapEvery: number;
  readonly seed: number;
}

/** Own pictures by class, or none: then pictures are drawn. */
export interface OwnPicture {
  readonly file: File;
  /** Undefined where it has no class. */
  readonly className?: string | undefined;
}

export type Request =
  | { readonly kind: "train"; readonly settings: Settings; readonly pictures: readonly OwnPicture[] }
  | { readonly kind: "stop" }
  | { readonly kind: "load"; readonly backend: Settings["backend"]; readonly files: readonly File[] }
  | { readonly kind: "classify"; readonly file: File }
  | { readonly kind: "draw" }
  | { readonly kind: "save" };

/** A small picture, uint8 [side, side, 3], one after the other. */
export interface Pictures {
  readonly side: number;
  readonly pixels: Uint8Array;
  /** Class indices; -1 without. */
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
}

export interface Probe {
  /** Shares of the test pictures, in [0, 1]. */
  readonly knn: number;
  readonly linear: number;
}

export type Answer =
  | { readonly kind: "backend"; readonly name: BackendName; readonly device: string; readonly why: string }
  | { readonly kind: "stage"; readonly text: string }
  | { readonly kind: "pictures"; readonly trainCount: number; readonly shown: Pictures }
  | {
      readonly kind: "step";
      readonly step: number;
      readonly totalSteps: number;
      readonly loss: number;
      readonly contrastAccuracy: number;
      readonly chance: number;
      readonly imagesPerSecond: number;
    }
  /** `points` [N, 2] in [0, 1], in the order of the shown pictures. */
  | { readonly kind: "map"; readonly step: number; readonly points: Float32Array }
  | ({ readonly kind: "probe"; readonly of: "random" | "trained"; readonly chance: number } & Probe)
  | {
      readonly kind: "classifier";
      readonly origin: string;
      readonly classNames: readonly string[];
      /** Share of the test pictures; undefined for one that was loaded. */
      readonly accuracy?: number;
      readonly canSave: boolean;
    }
  | {
      readonly kind: "classified";
      readonly name: string;
      /** Likeliest first. */
      readonly classes: readonly { readonly name: string; readonly probability: number }[];
    }
  | { readonly kind: "drawn"; readonly file: File }
  | { readonly kind: "saved"; readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "done"; readonly seconds: number; readonly stopped: boolean }
  | { readonly kind: "error"; readonly during: Request["kind"]; readonly message: string };
