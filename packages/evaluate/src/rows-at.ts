/** The rows at `indices`, in that order; row-major, `columns` numbers each. */
export function rowsAt(values: Float32Array, columns: number, indices: ArrayLike<number>): Float32Array {
  const rows = new Float32Array(indices.length * columns);
  for (let row = 0; row < indices.length; row++) {
    const at = indices[row]! * columns;
    rows.set(values.subarray(at, at + columns), row * columns);
  }
  return rows;
}
