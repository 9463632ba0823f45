import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BackendError } from "@simclr/core";

/** TensorFlow as pip installed it. */
export interface PythonTensorflow {
  readonly version: string;
  /** Headers. */
  readonly include: string;
  /** Folder of the libraries. */
  readonly libraries: string;
  /** Its libraries, to link against. */
  readonly files: readonly string[];
}

const LIBRARIES = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

// Looks for the package without importing it, which would take seconds and may lack what it needs.
const PROGRAM = `
import importlib.metadata as metadata, importlib.util as util, json
spec = util.find_spec("tensorflow")
version = None
for name in ("tensorflow", "tensorflow_cpu", "tensorflow_gpu", "tf_nightly", "tf_nightly_cpu"):
    try:
        version = version or metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
folders = list(spec.submodule_search_locations or []) if spec else []
print(json.dumps({"folder": folders[0] if folders else None, "version": version}))
`;

/**
 * Finds the TensorFlow of a Python.
 *
 * @param python - A program on the PATH, or a path, such as `.venv/bin/python`.
 * @throws BackendError if it does not run, has no TensorFlow, or one without headers and libraries.
 */
export function findPythonTensorflow(python: string): PythonTensorflow {
  const { status, stdout, stderr, error } = spawnSync(python, ["-c", PROGRAM], { encoding: "utf8" });
  if (error !== undefined || status !== 0)
    throw new BackendError(
      `The Python "${python}" does not run: ${error?.message ?? stderr.trim().split("\n").at(-1)}. Name one that has TensorFlow with --python, such as .venv/bin/python.`,
      { subject: "python", received: python },
    );
  const { folder, version } = JSON.parse(stdout) as { folder: string | null; version: string | null };
  const install = `${python} -m pip install "tensorflow[and-cuda]"`;
  if (folder === null)
    throw new BackendError(
      `The Python "${python}" has no TensorFlow. Install it with \`${install}\` (without [and-cuda] for the CPU alone), or name another Python with --python.`,
      { subject: "python", expected: "a Python with TensorFlow", received: python },
    );
  const include = join(folder, "include");
  const files = LIBRARIES.map((name) => join(folder, name));
  const missing = [join(include, "tensorflow/c/eager/c_api.h"), ...files].find((file) => !existsSync(file));
  if (missing !== undefined)
    throw new BackendError(
      `The TensorFlow of "${python}" (${version ?? "of an unknown version"}) has no ${missing}. Expected a wheel of pip for Linux, 2.16 or later, which brings headers and libraries: \`${install}\`.`,
      { subject: missing },
    );
  return { version: version ?? "unknown", include, libraries: folder, files };
}
