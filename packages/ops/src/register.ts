/**
 * Side-effect entry: registers the gradients of tfjs-core's kernels (its main entry registers none in Node).
 *
 * Import it once, at the edge of a program that trains: `import "@simclr/ops/register"`.
 */
import "@tensorflow/tfjs-core/dist/register_all_gradients.js";
