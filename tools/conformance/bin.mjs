#!/usr/bin/env node
// npm run conformance -- [--backend onednn|cpu|webgpu|tensorflow] [--family A,B | --tier A,B] [--host-kernels] [--json]
import { main } from "./src/main.mjs";

process.exitCode = await main(process.argv.slice(2));
