import { type Command, Option } from "commander";
import type { ImportTensorflowOptions, ImportTorchCommandOptions } from "../import-command.js";
import { checkImages, classNamesFile, imageSize, modelOutput } from "./options.js";

/** Declares `import` and its subcommands. What it needs is loaded when it runs. */
export function addImport(program: Command): void {
  const imports = program.command("import").description("make a model file of weights that other programs trained");

  imports
    .command("tf-checkpoint")
    .description("a checkpoint or SavedModel of the official SimCLR or SimCLRv2 code")
    .argument("<prefix>", "path without .index, such as r50_1x_sk1/model.ckpt-250228, or the folder of a SavedModel")
    .addOption(modelOutput())
    .addOption(
      new Option("--copy <which>", "the trained weights, or their moving average").choices(["base", "average"]),
    )
    .option("--architecture <name>", "such as r50_1x_sk1 (default: found from the checkpoint)")
    .addOption(
      new Option("--classifier-layer <k>", "layers of the head before the classifier: 1 if fine-tuned with 1 % or 10 %")
        .argParser(Number)
        .default(0),
    )
    .addOption(imageSize())
    .addOption(classNamesFile())
    .addOption(checkImages())
    .addOption(new Option("--backend <name>", "for --check: auto, onednn, webgpu, tensorflow or cpu").default("auto"))
    .option("--json", "print the report as JSON, with the name of every tensor that was not used")
    .addHelpText(
      "after",
      "\nExample:\n  simclr import tf-checkpoint r50_1x_sk0/model.ckpt-37535 -o r50.safetensors --check imagenet/val",
    )
    .action(async (prefix: string, options: ImportTensorflowOptions) => {
      const { importTensorflowCommand } = await import("../import-command.js");
      await importTensorflowCommand(prefix, options);
    });

  imports
    .command("safetensors")
    .description("a ResNet of torchvision or timm, saved as safetensors")
    .argument("<file>", "the state_dict")
    .addOption(modelOutput())
    .option("--no-normalisation", "the network was trained on images in [0, 1], not normalised as ImageNet's are")
    .addOption(imageSize())
    .addOption(classNamesFile())
    .addOption(checkImages())
    .addOption(new Option("--backend <name>", "for --check: auto, onednn, webgpu, tensorflow or cpu").default("auto"))
    .option("--json", "print the report as JSON, with the name of every tensor that was not used")
    .addHelpText("after", "\nExample:\n  simclr import safetensors resnet18.safetensors -o resnet18-model.safetensors")
    .action(async (file: string, options: ImportTorchCommandOptions) => {
      const { importTorchCommand } = await import("../import-command.js");
      await importTorchCommand(file, options);
    });
}
