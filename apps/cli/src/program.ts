import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addAugment } from "./commands/augment.js";
import { addBackend } from "./commands/backend.js";
import { addCompare } from "./commands/compare.js";
import { addCompletion } from "./commands/completion.js";
import { addConfig } from "./commands/config.js";
import { addData } from "./commands/data.js";
import { addDemo } from "./commands/demo.js";
import { addDoctor } from "./commands/doctor.js";
import type { EndWith } from "./commands/end-with.js";
import { addExport } from "./commands/export.js";
import { addImport } from "./commands/import.js";
import { addInit } from "./commands/init.js";
import { addLaunch } from "./commands/launch.js";
import { addModel } from "./commands/model.js";
import { addPlugin } from "./commands/plugin.js";
import { addPredict } from "./commands/predict.js";
import { addReport } from "./commands/report.js";
import { addRepresentation } from "./commands/representation.js";
import { addRun } from "./commands/run.js";
import { addSweep } from "./commands/sweep.js";
import { addWatch } from "./commands/watch.js";

interface Manifest {
  readonly version: string;
}

const manifest = (): Manifest =>
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as Manifest;

/** All commands. What they need is loaded when one runs. @param endWith - Takes the exit status of a command that has one of its own. */
export function simclrProgram(endWith: EndWith): Command {
  const simclr = new Command("simclr")
    .enablePositionalOptions()
    .description("SimCLRv2: from a folder of images and few labels to a distilled classifier")
    .version(manifest().version)
    .showHelpAfterError("(simclr --help tells more)")
    .exitOverride(); // commands inherit it: Commander's exits become CommanderErrors
  addInit(simclr);
  addRun(simclr);
  addSweep(simclr);
  addDemo(simclr);
  addPredict(simclr);
  addRepresentation(simclr);
  addImport(simclr);
  addExport(simclr);
  addReport(simclr);
  addWatch(simclr);
  addCompare(simclr);
  addConfig(simclr);
  addData(simclr, endWith);
  addAugment(simclr);
  addModel(simclr);
  addPlugin(simclr);
  addLaunch(simclr, endWith);
  addDoctor(simclr, endWith);
  addBackend(simclr);
  addCompletion(simclr);
  return simclr;
}
