import jasmineCore from "jasmine-core";
import { checkFamilies, expectedSpecs, readsSynchronously } from "./families.mjs";
import { knownReason } from "./known-failures.mjs";
import { specFiles, tfjsLoader } from "./load-tfjs.mjs";

const TIMEOUT_MS = 20_000; // upstream's
const SOFTWARE_GPU_TIMEOUT_MS = 300_000; // compiles a shader for each shape

/**
 * @typedef {object} Finding
 * @property {string} family
 * @property {string} file
 * @property {string} name - Full name of the spec or the suite.
 * @property {string[]} messages
 */
/**
 * @typedef {object} Results
 * @property {string} backend
 * @property {{ name: string, tier: string, files: number, expected: number, passed: number, failed: number,
 *   known: number, skipped: number }[]} families - `skipped` counts upstream's `xit`, `known` what failed as it is known to.
 * @property {Finding[]} failures - Specs that failed, and suites whose set-up or clean-up did.
 * @property {(Finding & { because: string })[]} known
 * @property {Finding[]} skipped
 * @property {number} withoutExpectation - Specs that passed without expecting anything.
 * @property {string[]} problems - What is wrong with the run itself: a count that is off, an error between specs.
 */

/**
 * Runs the specs of some families on a backend that is registered. Once per process: jasmine's environment is one.
 * @returns {Promise<Results>}
 */
export async function runSpecs(backendName, families) {
  checkFamilies(specFiles());
  const jasmineGlobals = jasmineCore.noGlobals();
  const { jasmine } = jasmineGlobals;
  const env = jasmine.getEnv();
  env.configure({ random: false });
  jasmine.DEFAULT_TIMEOUT_INTERVAL = backendName === "webgpu" ? SOFTWARE_GPU_TIMEOUT_MS : TIMEOUT_MS;

  const load = tfjsLoader(jasmineGlobals);
  load("index.js");
  load("public/chained_ops/register_all_chained_ops.js");
  load("register_all_gradients.js");
  load("jasmine_util.js").setTestEnvs([
    { name: backendName, backendName, isDataSync: readsSynchronously(backendName) },
  ]);

  const origins = new Map(); // id of a spec or suite -> where it comes from
  const rows = families.map((family) => {
    const row = newRow(family, backendName);
    for (const file of family.files) {
      const before = env.topSuite().children.length;
      load(`${file}_test.js`);
      for (const suite of env.topSuite().children.slice(before)) remember(origins, suite, { row, file });
    }
    return row;
  });

  const results = { backend: backendName, families: rows, failures: [], known: [], skipped: [], withoutExpectation: 0 };
  env.addReporter(reporter(results, origins));
  const end = await env.execute();
  return { ...results, problems: [...runProblems(end), ...countProblems(rows)] };
}

function newRow(family, backendName) {
  const { name, tier, files } = family;
  const expected = expectedSpecs(family, backendName);
  return { name, tier, files: files.length, expected, passed: 0, failed: 0, known: 0, skipped: 0 };
}

function remember(origins, node, origin) {
  origins.set(node.id, origin);
  for (const child of node.children ?? []) remember(origins, child, origin);
}

/** A jasmine reporter that counts into `results`. */
function reporter(results, origins) {
  const finding = (result, expectations) => {
    const { row, file } = origins.get(result.id);
    const messages = expectations.map(({ message }) => message);
    return { family: row.name, file: `${file}_test.js`, name: result.fullName, messages };
  };
  return {
    specDone(result) {
      const { row } = origins.get(result.id);
      if (result.status === "passed") {
        row.passed++;
        if (result.passedExpectations.length === 0) results.withoutExpectation++;
      } else if (result.status === "failed") {
        const found = finding(result, result.failedExpectations);
        const because = knownReason(results.backend, found);
        if (because === undefined) {
          row.failed++;
          results.failures.push(found);
        } else {
          row.known++;
          results.known.push({ ...found, because });
        }
      } else if (result.status === "pending") {
        row.skipped++;
        results.skipped.push(finding(result, []));
      } // what is excluded did not run, and is missing from the count
    },
    suiteDone(result) {
      if (result.failedExpectations.length === 0) return;
      const found = finding(result, result.failedExpectations);
      // An error of a promise that nobody waits for is told of the suite, if its spec has ended by then.
      if (knownReason(results.backend, found) === undefined) results.failures.push(found);
    },
  };
}

function runProblems({ overallStatus, incompleteReason, failedExpectations }) {
  const problems = failedExpectations.map(({ message }) => `outside any spec: ${message}`);
  if (overallStatus === "incomplete") problems.push(`the run is incomplete: ${incompleteReason}`);
  return problems;
}

/** What is wrong with the number of specs that ran, by family. */
export function countProblems(rows) {
  return rows
    .map(({ name, expected, passed, failed, known, skipped }) => {
      return { name, expected, ran: passed + failed + known + skipped };
    })
    .filter(({ expected, ran }) => ran !== expected)
    .map(({ name, expected, ran }) => `${name}: ${ran} specs ran, expected ${expected}`);
}
