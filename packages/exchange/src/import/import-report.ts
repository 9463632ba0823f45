/** What an import did, and did not use. */
export interface ImportReport {
  /** Short name, such as `r50_1x_sk1`. */
  readonly architecture: string;
  readonly convolutions: number;
  readonly batchNorms: number;
  /** Layers of the projection head; 0 where there is none. */
  readonly headLayers: number;
  /** Outputs of the classifier; 0 where there is none. */
  readonly classCount: number;
  /** Tensors of the file that became weights of the model, each of them once. */
  readonly used: number;
  /** Tensors of the file that did not, with the reason. */
  readonly unused: readonly { readonly name: string; readonly reason: string }[];
}

/** One weight of the model and the tensor of the file that it is taken from. */
export interface Assignment {
  /** Of our weight. */
  readonly weight: string;
  /** As the file, and a person who looks into it, call the tensor. */
  readonly source: string;
  /** In the layout of the file. */
  readonly shape: readonly number[];
}
