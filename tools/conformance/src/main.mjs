import { backends, UnavailableError } from "./backends.mjs";
import { parseOptions, USAGE, UsageError } from "./options.mjs";
import { hostKernelReport, hostKernels, report, succeeded, totals } from "./report.mjs";
import { runSpecs } from "./run-specs.mjs";

/**
 * The command: prints the results and gives back the exit status: 0 if all passed or failed as known, 1 if not, 2 for wrong
 * usage or a backend that this machine does not have.
 * @param available - The backends by name, as in `backends.mjs`.
 */
export async function main(args, available = backends) {
  try {
    const options = parseOptions(args, Object.keys(available));
    if (options.help) {
      console.log(USAGE);
      return 0;
    }
    return await run(options, available[options.backend]);
  } catch (error) {
    if (error instanceof UsageError || error instanceof UnavailableError) {
      console.error(`conformance: ${error.message}`);
      return 2;
    }
    console.error(error);
    return 1;
  }
}

async function run(options, register) {
  const start = performance.now();
  const { results, calls } = await withQuietConsole(async () => {
    const { kernelCalls } = await register();
    return { results: await runSpecs(options.backend, options.families), calls: kernelCalls?.() };
  });
  const seconds = (performance.now() - start) / 1000;
  const onHost = options.hostKernels ? hostKernels(calls) : undefined;
  if (options.json) {
    console.log(JSON.stringify({ ...results, totals: totals(results), seconds, hostKernels: onHost }, null, 2));
  } else {
    if (onHost) console.log(hostKernelReport(onHost));
    console.log(report(results, seconds));
  }
  return succeeded(results) ? 0 : 1;
}

/** Specs and backends write to the console; only the results belong there. */
async function withQuietConsole(action) {
  const { log, info, warn } = console;
  Object.assign(console, { log() {}, info() {}, warn() {} });
  try {
    return await action();
  } finally {
    Object.assign(console, { log, info, warn });
  }
}
