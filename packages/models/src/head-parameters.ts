/** Sizes of a projection head. */
export interface HeadSize {
  /** D, the length of a representation. */
  readonly inputDimension: number;
  readonly layers: number;
  readonly outputDimension: number;
}

/** Trainable parameters of `projectionHead`, without making it. */
export function headParameters({ inputDimension, layers, outputDimension }: HeadSize): number {
  if (layers === 0) return 0;
  const hidden = inputDimension ** 2 + 2 * inputDimension; // kernel, gamma, beta
  return (layers - 1) * hidden + inputDimension * outputDimension + outputDimension; // the last has no beta
}
