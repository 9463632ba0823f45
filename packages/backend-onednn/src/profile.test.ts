import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { type OnednnProfile, type ProfileOptions, profileOnednn, startOnednnProfile } from "./profile.js";
import { profileTable } from "./profile-table.js";
import { registerOnednnBackend } from "./register-backend.js";
import { normal } from "./testing.js";

beforeAll(async () => {
  registerOnednnBackend();
  await tf.setBackend("onednn");
});

/** The profile of `f`, whose tensors are dropped. */
function profileOf(f: () => void, options?: ProfileOptions): OnednnProfile {
  const stop = startOnednnProfile(options);
  tf.tidy(f);
  return stop();
}

const entry = ({ kernels }: OnednnProfile, name: string) => kernels.find(({ kernel }) => kernel === name);

const counts = ({ kernels }: OnednnProfile) =>
  Object.fromEntries(kernels.map(({ kernel, calls, delegated }) => [delegated ? `${kernel} (host)` : kernel, calls]));

/** The three passes of a convolution. */
function convolve(x: number[], filter: number[], dy: number[], strides: number): void {
  const attrs = { strides, pad: "same", dataFormat: "NHWC", dilations: 1, inputShape: x, filterShape: filter };
  const operands = { x: normal(x, 1), filter: normal(filter, 2), dy: normal(dy, 3) };
  for (const name of ["Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"])
    tf.engine().runKernel(name, operands, attrs as unknown as tf.NamedAttrMap);
}

describe("calls", () => {
  it("are counted by kernel, those of the cpu backend apart", () => {
    const profile = profileOf(() => {
      const x = normal([4, 5], 1);
      tf.relu(tf.relu(tf.relu(x)));
      tf.matMul(x, x, false, true);
      tf.matMul(x, x, true, false);
      tf.reshape(x, [20]);
      tf.cosh(x); // the addon has no such kernel
      tf.relu(tf.tensor1d([1, -1], "int32")); // nor this one for integers
    });
    expect(counts(profile)).toEqual({ Relu: 3, "Relu (host)": 1, BatchMatMul: 2, Reshape: 1, "Cosh (host)": 1 });
  });

  it("that a kernel makes belong to it", () => {
    const profile = profileOf(() => {
      tf.fused.matMul({ a: normal([2, 3], 1) as tf.Tensor2D, b: normal([3, 2], 2) as tf.Tensor2D, activation: "relu" });
    });
    expect(counts(profile)).toMatchObject({ _FusedMatMul: 1 });
    expect(entry(profile, "Relu")).toBeUndefined();
  });

  it("take time, the slowest first, all within the whole", () => {
    const { kernels, wallMs } = profileOf(() => convolve([4, 32, 32, 32], [3, 3, 32, 32], [4, 32, 32, 32], 1));
    const times = kernels.map(({ totalMs }) => totalMs);
    expect(Math.min(...times)).toBeGreaterThan(0);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(times.reduce((a, b) => a + b)).toBeLessThanOrEqual(wallMs);
  });
});

it("counts the bytes of results, and none for views", () => {
  const profile = profileOf(() => {
    const x = normal([4, 5], 1);
    tf.relu(x); // 20 float32
    tf.greater(x, 0); // 20 bool, and the scalar that 0 becomes is no kernel's result
    tf.reshape(x, [20]);
    tf.cosh(x);
  });
  const bytes = profile.kernels.map(({ kernel, outputBytes }) => [kernel, outputBytes]);
  expect(Object.fromEntries(bytes)).toEqual({ Relu: 80, Greater: 20, Reshape: 0, Cosh: 80 });
});

describe("floating-point operations", () => {
  it("of a convolution are two for each output, filter tap and input channel, in all three passes", () => {
    // 9x9 pixels in steps of 2 are 5x5: 2 * (3*5*5*7 outputs) * (3*3 taps) * (4 channels)
    const profile = profileOf(() => convolve([3, 9, 9, 4], [3, 3, 4, 7], [3, 5, 5, 7], 2));
    expect(profile.kernels.length).toBe(3);
    for (const { flops } of profile.kernels) expect(flops).toBe(2 * 525 * 9 * 4);
  });

  it("of the first convolution of ResNet-50 are the 118 million multiplications that it is known for", () => {
    const profile = profileOf(() => convolve([1, 224, 224, 3], [7, 7, 3, 64], [1, 112, 112, 64], 2));
    expect(entry(profile, "Conv2D")?.flops).toBe(2 * 118_013_952);
  });

  it("of a matrix product are 2 * M * N * K, for every matrix of a batch and transposed or not", () => {
    const profile = profileOf(() => {
      tf.matMul(normal([7, 3, 5], 1), normal([1, 11, 5], 2), false, true); // 7 products, [3, 5] by [5, 11]
      tf.matMul(normal([5, 2], 1), normal([5, 4], 2), true, false); // [2, 5] by [5, 4]
    });
    expect(entry(profile, "BatchMatMul")?.flops).toBe(7 * 2 * 3 * 5 * 11 + 2 * 2 * 5 * 4);
  });

  it("are not known of other kernels", () => {
    const profile = profileOf(() => tf.relu(normal([2], 1)));
    expect(entry(profile, "Relu")?.flops).toBeUndefined();
  });
});

it("tells shapes apart where it is asked to", () => {
  const work = () => {
    for (const rows of [2, 2, 6]) tf.matMul(normal([rows, 3], 1), normal([3, 4], 2));
    tf.relu(normal([2], 1));
  };
  const shapes = profileOf(work, { byShape: true }).kernels.map(({ shapes, calls }) => [shapes, calls]);
  expect(shapes).toHaveLength(3);
  expect(shapes).toContainEqual(["[2,3] [3,4] -> [2,4]", 2]);
  expect(shapes).toContainEqual(["[6,3] [3,4] -> [6,4]", 1]);
  expect(shapes).toContainEqual([undefined, 1]);
  expect(
    profileOf(work)
      .kernels.map(({ calls }) => calls)
      .sort(),
  ).toEqual([1, 3]);
});

describe("recording", () => {
  it("leaves out what runs before and after", () => {
    tf.tidy(() => tf.relu(normal([2], 1)));
    const stop = startOnednnProfile();
    const profile = stop();
    tf.tidy(() => tf.relu(normal([2], 1)));
    expect(profile.kernels).toEqual([]);
    expect(stop().kernels).toEqual([]);
  });

  it("can overlap", () => {
    const stopOuter = startOnednnProfile();
    const inner = profileOf(() => tf.relu(normal([2], 1)));
    tf.tidy(() => tf.relu(normal([2], 1)));
    expect(counts(inner)).toEqual({ Relu: 1 });
    expect(counts(stopOuter())).toEqual({ Relu: 2 });
  });

  it("spans a promise and gives its result, and ends with its failure", async () => {
    const { result, profile } = await profileOnednn(async () => {
      const y = tf.tidy(() => tf.sum(tf.relu(tf.tensor1d([1, -1, 2]))));
      const [sum] = await y.data();
      y.dispose();
      return sum;
    });
    expect(result).toBe(3);
    expect(counts(profile)).toMatchObject({ Relu: 1, Sum: 1 });
    await expect(profileOnednn(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("leaves out calls that throw", () => {
    const profile = profileOf(() => {
      const gather = () => tf.gather(normal([2], 1), tf.tensor1d([5], "int32"));
      expect(gather).toThrow(/index/);
      tf.relu(normal([2], 1));
    });
    expect(counts(profile)).toEqual({ Relu: 1 });
  });
});

it("is written as a table of one step", () => {
  const kernel = { shapes: undefined, delegated: false, calls: 4, totalMs: 8, outputBytes: 3e6, flops: 16e9 };
  const other = { shapes: undefined, delegated: true, calls: 2, totalMs: 1, outputBytes: 0, flops: undefined };
  const kernels = [
    { ...kernel, kernel: "Conv2D" },
    { ...other, kernel: "Cosh" },
  ];
  expect(profileTable({ kernels, wallMs: 10 }, { steps: 2 })).toBe(`\
kernel  calls    ms     %  MB out  GFLOP/s  where
Conv2D      2  4.00  80.0     1.5   2000.0  addon
Cosh        1  0.50  10.0     0.0            host
kernels 4.50 ms of 5.00 ms; on the host 0.50 ms
`);
});

describe("SIMCLR_PROFILE", { timeout: 30_000 }, () => {
  const index = fileURLToPath(new URL("../dist/index.js", import.meta.url));
  const script = `
    import * as tf from "@tensorflow/tfjs-core";
    import { registerOnednnBackend } from ${JSON.stringify(index)};
    tf.env().set("PROD", true);
    registerOnednnBackend();
    await tf.setBackend("onednn");
    const x = tf.ones([2, 3]);
    tf.relu(tf.matMul(x, x, false, true));`;
  const stderrWith = (setting: string) =>
    spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      env: { ...process.env, SIMCLR_PROFILE: setting },
    }).stderr;

  it("prints the whole process's profile to stderr when it ends", () => {
    const printed = stderrWith("1");
    expect(printed).toMatch(/^kernel +calls +ms/);
    expect(printed).toMatch(/^BatchMatMul +1 .* addon$/m);
    expect(printed).toMatch(/^Relu +1 .* addon$/m);
    expect(stderrWith("shapes")).toContain("BatchMatMul [2,3] [2,3] -> [2,2]");
  });

  it("prints nothing where it is not set", () => {
    expect(stderrWith("")).toBe("");
  });
});
