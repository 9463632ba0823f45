// Runs this package's tests on an addon built with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer; the
// first error ends the run with a report. Arguments go to vitest: `npm run test:asan -- convolution`.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

function runNode(args, env) {
  const { status, signal } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit", env });
  if (signal) console.error(`test:asan: ended by ${signal}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** The sanitizer's own library, which must be in the process before anything allocates memory. */
function asanLibrary() {
  const compiler = process.env.CXX ?? "c++";
  const { stdout } = spawnSync(compiler, ["-print-file-name=libasan.so"], { encoding: "utf8" });
  const file = stdout?.trim() ?? "";
  if (isAbsolute(file)) return file;
  console.error(
    `test:asan: ${compiler} has no libasan.so, which GCC's package g++ brings. Run: apt-get install -y g++` +
      " (and set CXX=g++ if the default compiler is another)",
  );
  process.exit(1);
}

const library = asanLibrary();
runNode([join("scripts", "build-native.mjs"), "--sanitize"], { ...process.env, SIMCLR_NATIVE: "required" });

// Threads, not processes: leaks are looked for when the process ends, and vitest kills its processes.
const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");
const options = ["run", "--pool=threads", "--no-file-parallelism", "--testTimeout=60000", "--hookTimeout=60000"];
runNode([vitest, ...options, ...process.argv.slice(2)], {
  ...process.env,
  SIMCLR_NUM_THREADS: "2",
  SIMCLR_ONEDNN_ADDON: join(root, "build", "sanitized", "simclr_onednn.node"),
  LD_PRELOAD: library,
  ASAN_OPTIONS: "detect_leaks=1:detect_stack_use_after_return=1",
  LSAN_OPTIONS: `suppressions=${join(root, "scripts", "lsan.supp")}:print_suppressions=0`,
  UBSAN_OPTIONS: "print_stacktrace=1",
});
