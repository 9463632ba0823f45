/** A column whose deviation is below this share of its root mean square is taken for constant. */
const CONSTANT_SHARE = 1e-6;

/**
 * Shifts and scales every column to mean 0 and (biased) standard deviation 1 over the training rows, and the test rows by
 * the same numbers. A column that is constant over the training rows becomes 0 in both.
 *
 * @param train - Row-major `[N, D]`. Not changed.
 * @param test - Row-major `[M, D]`. Not changed.
 */
export function standardize(
  train: Float32Array,
  test: Float32Array,
  dimension: number,
): { train: Float32Array; test: Float32Array } {
  const rows = train.length / dimension;
  const mean = new Float64Array(dimension);
  for (let i = 0; i < train.length; i++) mean[i % dimension]! += train[i]! / rows;
  const variance = new Float64Array(dimension);
  for (let i = 0; i < train.length; i++) variance[i % dimension]! += (train[i]! - mean[i % dimension]!) ** 2 / rows;
  const scale = variance.map((v, column) => {
    const constant = Math.sqrt(v) <= CONSTANT_SHARE * Math.sqrt(v + mean[column]! ** 2);
    return constant ? 0 : 1 / Math.sqrt(v);
  });
  const apply = (values: Float32Array): Float32Array =>
    values.map((value, i) => (value - mean[i % dimension]!) * scale[i % dimension]!);
  return { train: apply(train), test: apply(test) };
}
