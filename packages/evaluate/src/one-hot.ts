/** Rows of zeros with a 1 at the class; row-major [N, C]. */
export function oneHot(labels: ArrayLike<number>, classCount: number): Float32Array {
  const targets = new Float32Array(labels.length * classCount);
  for (let row = 0; row < labels.length; row++) targets[row * classCount + labels[row]!] = 1;
  return targets;
}
