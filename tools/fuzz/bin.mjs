#!/usr/bin/env node
// npm run fuzz -- [--format tar,parquet,…] [--count 10000] [--seed 1] [--case N]
import { main } from "./src/main.mjs";

process.exitCode = await main(process.argv.slice(2));
