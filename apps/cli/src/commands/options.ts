import { Option } from "commander";

export const runFolder = (): Option => new Option("-o, --output <folder>", "folder of the run (default: runs/<name>)");

export const backendOption = (): Option =>
  new Option("--backend <name>", "auto, onednn, webgpu, tensorflow or cpu").default("auto");

export const minutes = (): Option =>
  new Option("--max-minutes <n>", "stop with a checkpoint before the time is up; the same command goes on from there");

export const modelOutput = (): Option =>
  new Option("-o, --output <file>", "model file (default: <architecture>.safetensors)");

export const imageSize = (): Option =>
  new Option("--image-size <pixels>", "of the images that it is used with").argParser(Number);

export const classNamesFile = (): Option =>
  new Option("--classes <file>", "names of the classes, one a line, in order");

export const checkImages = (): Option =>
  new Option(
    "--check <images>",
    "measure the accuracy on labelled images; their class folders, sorted, name the classes",
  );

export const assignments = (): Option =>
  new Option("--set <key=value>", "change a setting, such as pretrain.epochs=10; may be given again")
    .argParser((value: string, before: string[]) => [...before, value])
    .default([], "none");

export const plugins = (): Option =>
  new Option(
    "--plugin <module>",
    "a plugin that the network comes from: a path that begins with ./ or a package; may be given again (default: those of the run, for a checkpoint)",
  ).argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
