import type { Command } from "commander";
import type { RunCommandOptions, RunPart } from "../run-command.js";
import { assignments, minutes, runFolder } from "./options.js";

/** Declares `run`, and the commands that do a part of it. What they need is loaded when they run. */
export function addRun(program: Command): void {
  add(program, "run", {
    description:
      "pretrain, fine-tune, distil and measure, as a configuration says; goes on where an earlier run stopped",
    example: "run configs/cifar10-small.yaml --data ~/cifar10-jpeg --set pretrain.epochs=10",
    part: {},
  });
  add(program, "pretrain", {
    description: "the first stage of a run alone: train the encoder without labels, and measure the representation",
    example: "pretrain configs/cifar10-small.yaml --data ~/cifar10-jpeg",
    part: { until: "pretrain" },
  });
  add(program, "finetune", {
    description: "a run up to the classifiers that are trained with labels; pretrains first where that is not done",
    example: "finetune configs/cifar10-small.yaml --data ~/cifar10-jpeg",
    part: { until: "finetune" },
  });
  add(program, "distill", {
    description: "a run up to the students; does the stages before it where they are not done",
    example: "distill configs/cifar10-small.yaml --data ~/cifar10-jpeg",
    part: { until: "distill" },
  });
  add(program, "evaluate", {
    description: "measure what a run has trained, and train nothing; its stages must be done",
    example: "evaluate configs/cifar10-small.yaml --data ~/cifar10-jpeg --set evaluate.depths=true",
    part: { trains: false },
  });
}

interface PartOfRun {
  readonly description: string;
  readonly example: string;
  readonly part: RunPart;
}

function add(program: Command, name: string, { description, example, part }: PartOfRun): void {
  const command = program
    .command(name)
    .description(description)
    .argument("<config>", "YAML file, such as configs/cifar10-small.yaml")
    .option("--data <folder>", "folder of the images; replaces data.root of the configuration")
    .addOption(runFolder())
    .addOption(assignments());
  if (part.trains !== false)
    command
      .option("--fresh", "move what an earlier run left in the folder aside, and start anew")
      .option("--dry-run", "try a few steps of each stage, say what the run would do and take, and write nothing")
      .addOption(minutes());
  command
    .option("--json", "print the results as JSON")
    .addHelpText("after", `\nExample:\n  simclr ${example}`)
    .action(async (config: string, options: RunCommandOptions) => {
      const { runCommand } = await import("../run-command.js");
      await runCommand(config, options, part);
    });
}
