#!/usr/bin/env node
// Fresh clone -> the whole pipeline on the built-in data set. Options go to `simclr demo`: npm run demo -- --seed 2
import { setup } from "./setup.mjs";
import { run } from "./tools.mjs";

setup();
process.exit(run(process.execPath, ["apps/cli/dist/bin.js", "demo", ...process.argv.slice(2)]));
