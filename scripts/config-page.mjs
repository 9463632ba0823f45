#!/usr/bin/env node
// npm run docs:config: writes docs/config.md, the page of every key of a configuration, from the schema of the built pipeline.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configPage } from "../packages/pipeline/dist/index.js";
import { root } from "./tools.mjs";

writeFileSync(join(root, "docs/config.md"), configPage());
