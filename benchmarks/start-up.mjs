// Time from `import` to the result of the first operation, in new processes: in all, and without what importing
// tfjs-core alone takes. Medians; the two kinds of process alternate.
//   pnpm bench start-up [--runs 10]
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { runs: { type: "string", default: "10" } } });

const programs = {
  "tfjs-core alone": 'await import("@tensorflow/tfjs-core");',
  "import to first op": `
    await import("@simclr/backend-onednn/register");
    const tf = await import("@tensorflow/tfjs-core");
    tf.env().set("PROD", true);
    tf.setBackend("onednn");
    const x = tf.tensor1d([1, 2, 3, 4]);
    tf.add(x, x).dataSync();`,
  "require to first op": `
    const { createRequire } = await import("node:module");
    const require = createRequire(${JSON.stringify(import.meta.url)});
    require("@simclr/backend-onednn/register");
    const tf = require("@tensorflow/tfjs-core");
    tf.env().set("PROD", true);
    tf.setBackend("onednn");
    const x = tf.tensor1d([1, 2, 3, 4]);
    tf.add(x, x).dataSync();`,
};

/** Milliseconds that a program takes in a process of its own, once Node itself has started. */
function time(program) {
  const script = `const start = performance.now(); ${program} console.log(performance.now() - start);`;
  const options = { cwd: new URL(".", import.meta.url), encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", script], options));
}

const times = Object.fromEntries(Object.keys(programs).map((name) => [name, []]));
for (let run = 0; run < Number(values.runs); run++)
  for (const [name, program] of Object.entries(programs)) times[name].push(time(program));
for (const [name, all] of Object.entries(times))
  console.log(JSON.stringify({ what: name, medianMs: Math.round(all.sort((a, b) => a - b)[all.length >> 1]) }));
