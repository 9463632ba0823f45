/** Rows of length 1, row-major [N, D]; a row of zeros stays so. */
export function unitRows(values: Float32Array, dimension: number): Float32Array {
  const unit = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += dimension) {
    let squares = 0;
    for (let i = start; i < start + dimension; i++) squares += values[i]! ** 2;
    const inverse = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = start; i < start + dimension; i++) unit[i] = values[i]! * inverse;
  }
  return unit;
}
