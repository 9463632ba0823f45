// What is changed in tfjs-core's test helpers when they are loaded, by file below `dist/`, so that a spec cannot pass
// on a wrong value or on another backend.
const patches = {
  "test_util.js": [
    {
      // As published, any two values that are not finite are equal: NaN passes for Infinity. NaN must meet NaN.
      from: `if (!isFinite(a) && !isFinite(e)) {
        return true;
    }`,
      to: "if (!isFinite(a) || !isFinite(e)) { return Object.is(a, e); }",
    },
    {
      // As published, NaN is in every range.
      from: "if (actual[i] < low || actual[i] > high) {",
      to: "if (!(actual[i] >= low && actual[i] <= high)) {",
    },
  ],
  "jasmine_util.js": [
    {
      // As published, a backend that cannot be made gives way to another in silence.
      from: "await ENGINE.setBackend(testEnv.backendName);",
      to: `if (!(await ENGINE.setBackend(testEnv.backendName))) {
        throw new Error(\`the backend \${testEnv.backendName} could not be made\`);
    }`,
    },
  ],
};

/** Applies the patches of a file to its source. */
export function patch(file, source) {
  return (patches[file] ?? []).reduce((text, { from, to }) => {
    const parts = text.split(from);
    if (parts.length !== 2)
      throw new Error(`conformance: ${file} of tfjs-core holds ${parts.length - 1} times, not once: ${from}`);
    return parts.join(to);
  }, source);
}
