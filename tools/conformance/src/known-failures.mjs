// What is known to fail on a backend, and why: it is counted apart, and does not fail the run.

/** @type {Record<string, { because: string, family?: string, name?: RegExp, message?: RegExp }[]>} */
const KNOWN = {
  webgpu: [
    {
      because:
        "tfjs-backend-webgpu has no such kernel (strings, sparse and ragged tensors, Unique, BitwiseAnd, NonMaxSuppressionV4)",
      message: /Kernel '\w+' not registered for backend 'webgpu'/,
    },
    {
      because: "NaN: WGSL lets a driver take it for a number in exp, log and comparisons, and SwiftShader does",
      name: /propagates? NaNs?$/i,
    },
    { because: "they need a canvas of a browser", family: "image_extended", name: /^fromPixels, mock canvas/ },
    {
      because: "the WGSL of tfjs's Bincount is not valid; the backend says so",
      family: "image_extended",
      name: /^threshold .* method otsu/,
    },
    {
      because: "tfjs loses keepDims of a product that runs on the CPU",
      family: "reduction",
      name: /^prod .*keep ?dims?$/i,
    },
    { because: "a GPU does not check indices", family: "shape", name: /^gather .* throws when index is out of bound$/ },
    {
      because: "sine and cosine have 4 digits on SwiftShader",
      family: "unary_extended",
      name: /^(cos|tan) .* (gradient|numbers exceed float32)/,
    },
    {
      because: "a GPU does not check indices",
      family: "sparse_ragged",
      name: /^sparseSegment(Mean|Sum) .* (throw error if|indices invalid|segments invalid)/,
    },
    {
      because: "a tensor that is disposed of while it is read",
      family: "tensor",
      name: /^tensor\.data /,
      message: /^Unhandled promise rejection: TypeError: Cannot read properties of undefined \(reading 'backend'\)/,
    },
  ],
};

/** Why a spec may fail on a backend; undefined where it may not. @param finding - As in the results of a run. */
export function knownReason(backendName, { family, name, messages }) {
  const found = (KNOWN[backendName] ?? []).find(
    (known) =>
      (known.family === undefined || known.family === family) &&
      (known.name === undefined || known.name.test(name)) &&
      (known.message === undefined || messages.some((message) => known.message.test(message))),
  );
  return found?.because;
}
