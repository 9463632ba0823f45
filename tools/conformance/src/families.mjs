// tfjs-core's spec files by what they are about. A file is written as its path below `dist/` without `_test.js`.
// `convnet` is what training a convolutional network touches, `extended` the other numeric operations, `other` strings,
// sparse and complex tensors and code that runs on the host alone.

export const TIERS = ["convnet", "extended", "other"];

/**
 * @typedef {object} Family
 * @property {string} name
 * @property {"convnet" | "extended" | "other"} tier
 * @property {number} specs - Specs that its files define in Node, on any backend.
 * @property {number} [cpuSpecs] - Specs that they define besides on a backend named `cpu`.
 * @property {number} [syncSpecs] - Those of `specs` that read synchronously; upstream leaves them out on webgpu.
 * @property {readonly string[]} files
 */

/** The families, with their files as words below a folder. */
const TABLE = [
  {
    name: "conv2d",
    tier: "convnet",
    specs: 202,
    folder: "ops/",
    files: "conv1d conv2d conv2d_transpose conv_util fused/fused_conv2d",
  },
  {
    name: "depthwise",
    tier: "convnet",
    specs: 75,
    folder: "ops/",
    files: "conv2d_separable depthwise_conv2d fused/fused_depthwise_conv2d",
  },
  { name: "pooling", tier: "convnet", specs: 103, folder: "ops/", files: "avg_pool identity_pool max_pool pool" },
  { name: "matmul", tier: "convnet", specs: 93, folder: "ops/", files: "fused/fused_mat_mul mat_mul" },
  { name: "batchnorm", tier: "convnet", specs: 57, folder: "ops/", files: "batchnorm moments moving_average" },
  {
    name: "activation",
    tier: "convnet",
    specs: 103,
    folder: "ops/",
    files: "elu leaky_relu log_sigmoid relu relu6 selu sigmoid softplus step tanh",
  },
  {
    name: "binary",
    tier: "convnet",
    specs: 286,
    folder: "ops/",
    files: "add add_n arithmetic binary_ops broadcast_to broadcast_util floordiv sub",
  },
  {
    name: "unary",
    tier: "convnet",
    specs: 150,
    folder: "ops/",
    files: "abs ceil exp expm1 floor log log1p neg reciprocal round rsqrt sign sqrt square",
  },
  {
    name: "reduction",
    tier: "convnet",
    specs: 261,
    folder: "ops/",
    files: "all any arg_max arg_min axis_util euclidean_norm log_sum_exp max mean min norm prod sum",
  },
  {
    name: "softmax_loss",
    tier: "convnet",
    specs: 154,
    folder: "ops/",
    files: `
      log_softmax softmax losses/absolute_difference losses/compute_weighted_loss losses/cosine_distance
      losses/hinge_loss losses/huber_loss losses/log_loss losses/mean_squared_error losses/sigmoid_cross_entropy
      losses/softmax_cross_entropy`,
  },
  {
    name: "shape",
    tier: "convnet",
    specs: 411,
    syncSpecs: 1,
    folder: "ops/",
    files: `
      clone concat concat_util ensure_shape expand_dims gather pad reverse reverse_1d reverse_2d reverse_3d
      reverse_4d slice slice1d slice2d slice3d slice4d slice_util split squeeze stack tile transpose
      unsorted_segment_sum unstack`,
  },
  {
    name: "image",
    tier: "convnet",
    specs: 112,
    folder: "ops/image/",
    files: `
      crop_and_resize flip_left_right grayscale_to_rgb resize_bilinear resize_nearest_neighbor rgb_to_grayscale`,
  },
  { name: "one_hot", tier: "convnet", specs: 28, folder: "ops/", files: "confusion_matrix one_hot" },
  { name: "topk", tier: "convnet", specs: 28, folder: "ops/", files: "in_top_k topk" },
  { name: "select", tier: "convnet", specs: 43, folder: "ops/", files: "boolean_mask where where_async" },
  { name: "clip", tier: "convnet", specs: 15, folder: "ops/", files: "clip_by_value" },
  {
    name: "compare_logic",
    tier: "convnet",
    specs: 240,
    folder: "ops/",
    files: `
      equal greater greater_equal is_finite is_inf is_nan less less_equal logical_and logical_not logical_or
      logical_xor not_equal`,
  },
  {
    name: "random",
    tier: "convnet",
    specs: 115,
    folder: "ops/",
    files: `
      dropout dropout_util multinomial rand random_gamma random_normal random_standard_normal random_uniform
      random_uniform_int truncated_normal`,
  },
  {
    name: "creation",
    tier: "convnet",
    specs: 133,
    folder: "ops/",
    files: "eye fill linspace ones ones_like range zeros zeros_like",
  },
  {
    name: "optimizer",
    tier: "convnet",
    specs: 32,
    folder: "optimizers/",
    files: `
      adadelta_optimizer adagrad_optimizer adam_optimizer adamax_optimizer momentum_optimizer optimizer
      rmsprop_optimizer sgd_optimizer`,
  },
  {
    name: "tensor",
    tier: "convnet",
    specs: 327,
    syncSpecs: 45,
    folder: "",
    files: "backends/backend buffer tensor tensor_util variable",
  },
  {
    name: "engine",
    tier: "convnet",
    specs: 123,
    syncSpecs: 14,
    cpuSpecs: 2, // "Switching cpu backends"
    folder: "",
    files: `
      debug_mode engine globals gradients kernel_registry ops/operation profiler
      public/chained_ops/register_all_chained_ops tape`,
  },
  {
    name: "conv_pool_3d",
    tier: "extended",
    specs: 92,
    folder: "ops/",
    files: "avg_pool_3d conv3d conv3d_transpose max_pool_3d max_pool_with_argmax",
  },
  {
    name: "unary_extended",
    tier: "extended",
    specs: 126,
    folder: "ops/",
    files: "acos acosh asin asinh atan atanh cos cosh erf sin sinh tan",
  },
  {
    name: "image_extended",
    tier: "extended",
    specs: 58,
    folder: "ops/",
    files: `
      draw from_pixels image/non_max_suppression image/non_max_suppression_async image/rotate_with_offset
      image/threshold image/transform to_pixels`,
  },
  {
    name: "shape_extended",
    tier: "extended",
    specs: 171,
    folder: "ops/",
    files: `
      batch_to_space_nd broadcast_args depth_to_space diag gather_nd meshgrid mirror_pad scatter_nd
      space_to_batch_nd sparse_to_dense strided_slice tensor_scatter_update`,
  },
  {
    name: "math_extended",
    tier: "extended",
    specs: 141,
    folder: "ops/",
    files: `
      bincount bitwise_and cumprod cumsum dense_bincount dilation2d einsum local_response_normalization
      lower_bound search_sorted setdiff1d_async unique upper_bound`,
  },
  { name: "linalg", tier: "extended", specs: 33, folder: "ops/linalg/", files: "band_part gram_schmidt qr" },
  { name: "rnn", tier: "extended", specs: 12, folder: "ops/", files: "basic_lstm_cell multi_rnn_cell" },
  {
    name: "complex_fft",
    tier: "other",
    specs: 80,
    folder: "",
    files: `
      backends/complex_util ops/complex_ops ops/ifft ops/signal/frame ops/signal/hamming_window
      ops/signal/hann_window ops/signal/stft ops/spectral/fft ops/spectral/irfft ops/spectral/rfft`,
  },
  {
    name: "string",
    tier: "other",
    specs: 49,
    folder: "ops/string/",
    files: "static_regex_replace string_n_grams string_split string_to_hash_bucket_fast",
  },
  {
    name: "sparse_ragged",
    tier: "other",
    specs: 106,
    folder: "ops/",
    files: `
      ragged_gather ragged_range ragged_tensor_to_tensor sparse/sparse_fill_empty_rows sparse/sparse_reshape
      sparse/sparse_segment_mean sparse/sparse_segment_sum`,
  },
  {
    name: "io",
    tier: "other",
    specs: 73,
    folder: "io/",
    files: `
      browser_files composite_array_buffer http indexed_db io_utils local_storage model_management passthrough
      progress router_registry weights_loader`,
  },
  {
    name: "host_util",
    tier: "other",
    specs: 198,
    folder: "",
    files: `
      backends/non_max_suppression_util browser_util device_util environment flags hash_util jasmine_util
      platforms/platform_browser serialization test_util types util version`,
  },
];

/** @type {readonly Family[]} */
export const families = TABLE.map(({ folder, files, ...family }) => ({
  ...family,
  files: files.match(/\S+/g).map((file) => folder + file),
}));

/** How many specs a family must run on a backend. */
export function expectedSpecs({ specs, cpuSpecs = 0, syncSpecs = 0 }, backendName) {
  if (backendName === "cpu") return specs + cpuSpecs;
  return specs - (readsSynchronously(backendName) ? 0 : syncSpecs);
}

/** Whether specs for backends that can be read synchronously are for this one. */
export function readsSynchronously(backendName) {
  return backendName !== "webgpu";
}

/**
 * Checks that every spec file belongs to exactly one family, and that every file named here exists.
 * @throws Error that lists the files in no family, in two, or missing.
 */
export function checkFamilies(specFiles) {
  const named = families.flatMap(({ files }) => files);
  const problems = {
    "in no family": specFiles.filter((file) => !named.includes(file)),
    "in two families": named.filter((file, i) => named.indexOf(file) !== i),
    "not in this version of tfjs-core": named.filter((file) => !specFiles.includes(file)),
  };
  const lines = Object.entries(problems)
    .filter(([, files]) => files.length > 0)
    .map(([problem, files]) => `${problem}: ${files.join(", ")}`);
  if (lines.length > 0) throw new Error(`conformance: spec files ${lines.join("; ")}. Correct src/families.mjs.`);
}
