#!/usr/bin/env node
// Runs a tool of this repository through pnpm, which need not be installed: node scripts/with-pnpm.mjs turbo run build
import { pnpm } from "./tools.mjs";

process.exit(pnpm(["exec", ...process.argv.slice(2)]));
