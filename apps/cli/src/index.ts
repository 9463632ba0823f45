import { readFileSync } from "node:fs";
import { Argument, Command, CommanderError, Option } from "commander";
import { completionScript, SHELLS, type Shell } from "./completion.js";
import { ExitCode, exitCodeOf, explain } from "./exit.js";
import type { LaunchCommandOptions } from "./launch-command.js";

interface Manifest {
  readonly version: string;
}

const manifest = (): Manifest =>
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as Manifest;

/**
 * The command `simclr`: parses, calls the pipeline, prints. Results go to the standard output, all else to the standard
 * error.
 *
 * @returns The exit status: 0 done, 1 failed (of \`data check\`, also: it found problems), 2 wrong usage or configuration, 130 interrupted (a checkpoint is written);
 * of `launch`, the launcher's: 0 also where its ranks stopped at a checkpoint.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let status: number = ExitCode.Done;
  const endWith = (code: number): void => {
    status = code;
  };
  try {
    await program(endWith).parseAsync(argv);
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Done : ExitCode.Usage;
    process.stderr.write(`${explain(error)}\n`);
    return exitCodeOf(error);
  }
}

function program(endWith: (code: number) => void): Command {
  const simclr = new Command("simclr")
    .enablePositionalOptions()
    .description("SimCLRv2: from a folder of images and few labels to a distilled classifier")
    .version(manifest().version)
    .showHelpAfterError("(simclr --help tells more)")
    .exitOverride();

  simclr
    .command("run")
    .description(
      "pretrain, fine-tune, distil and measure, as a configuration says; goes on where an earlier run stopped",
    )
    .argument("<config>", "YAML file, such as configs/cifar10-small.yaml")
    .option("--data <folder>", "folder of the images; replaces data.root of the configuration")
    .addOption(runFolder())
    .addOption(assignments())
    .option("--fresh", "move what an earlier run left in the folder aside, and start anew")
    .addOption(minutes())
    .option("--json", "print the results as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  simclr run configs/cifar10-small.yaml --data ~/cifar10-jpeg --set pretrain.epochs=10",
    )
    .action(async (config: string, options: RunCommandOptions) => {
      const { runCommand } = await import("./run-command.js");
      await runCommand(config, options);
    });

  simclr
    .command("demo")
    .description("the whole pipeline on the built-in data set, in a few minutes on two cores")
    .addOption(new Option("--seed <n>", "seed of the run").argParser(Number).default(0))
    .addOption(runFolder())
    .addOption(assignments())
    .option("--fresh", "move what an earlier demo left aside, and start anew")
    .addOption(minutes())
    .option("--json", "print the results as JSON")
    .addHelpText("after", "\nExample:\n  simclr demo --seed 1 --output runs/demo-1")
    .action(async ({ seed, ...options }: RunCommandOptions & { seed: number }) => {
      const { runCommand } = await import("./run-command.js");
      const config = new URL("../configs/demo.yaml", import.meta.url).pathname;
      const output = options.output ?? `runs/demo${seed === 0 ? "" : `-seed-${seed}`}`;
      await runCommand(config, { ...options, output, set: [...options.set, `seed=${seed}`] });
    });

  simclr
    .command("predict")
    .description("classify the images of a folder or a tar file with a trained network")
    .argument("<model>", "folder of a run, of one of its stages, or of a checkpoint")
    .argument("<images>", "folder, tar file, or pattern of tar files")
    .addOption(plugins())
    .option("--skip-broken", "leave images out that cannot be read, and list them")
    .addOption(new Option("--backend <name>", "auto, onednn, webgpu, tensorflow or cpu").default("auto"))
    .option("--json", "print JSON instead of CSV")
    .addHelpText("after", "\nExample:\n  simclr predict runs/signs-few-labels new-photos > labels.csv")
    .action(async (model: string, images: string, options: PredictCommandOptions) => {
      const { predictCommand } = await import("./predict-command.js");
      await predictCommand(model, images, options);
    });

  simclr
    .command("embed")
    .description("write the representation of every image of a set, for other programs")
    .argument("<model>", "model file, or folder of a run, of one of its stages, or of a checkpoint")
    .argument("<images>", "folder, tar file, or any other set of images")
    .requiredOption("-o, --output <file>", "ends in .npy (with a .files.csv beside it), .parquet or .csv")
    .option("--skip-broken", "leave images out that cannot be read, and list them")
    .addOption(backendOption())
    .addHelpText("after", "\nExample:\n  simclr embed runs/signs/pretrain photos -o photos.parquet")
    .action(async (model: string, images: string, options: EmbedCommandOptions) => {
      const { embedCommand } = await import("./representation-commands.js");
      await embedCommand(model, images, options);
    });

  simclr
    .command("neighbors")
    .description("list the images most like one, by what the encoder makes of them")
    .argument("<model>", "model file, or folder of a run, of one of its stages, or of a checkpoint")
    .argument("<images>", "folder, tar file, or any other set of images")
    .argument("<query>", "name of one of them, or an image file")
    .addOption(new Option("-k <n>", "how many").argParser(Number).default(10))
    .addOption(backendOption())
    .option("--json", "print JSON instead of CSV")
    .addHelpText("after", "\nExample:\n  simclr neighbors runs/signs/pretrain photos IMG_1118.JPG -k 5")
    .action(async (model: string, images: string, query: string, options: NeighborsCommandOptions) => {
      const { neighborsCommand } = await import("./representation-commands.js");
      await neighborsCommand(model, images, query, options);
    });

  simclr
    .command("label")
    .description("list the images to label next: typical ones of different kinds, the most useful first")
    .argument("<model>", "model file, or folder of a run, of one of its stages, or of a checkpoint")
    .argument("<images>", "folder, tar file, or any other set of images; those with a label are left out")
    .addOption(new Option("-n, --count <n>", "how many").argParser(Number).default(20))
    .addOption(new Option("--seed <n>", "another seed gives other images").argParser(Number).default(0))
    .addOption(backendOption())
    .option("--json", "print JSON instead of CSV")
    .addHelpText("after", "\nExample:\n  simclr label runs/signs/pretrain photos -n 50 > labels.csv")
    .action(async (model: string, images: string, options: LabelCommandOptions) => {
      const { labelCommand } = await import("./representation-commands.js");
      await labelCommand(model, images, options);
    });

  const imports = simclr
    .command("import")
    .description("make a model file of weights that other programs trained")
    .exitOverride();

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
      const { importTensorflowCommand } = await import("./import-command.js");
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
      const { importTorchCommand } = await import("./import-command.js");
      await importTorchCommand(file, options);
    });

  simclr
    .command("export")
    .description("write a trained network for other programs")
    .argument("<model>", "model file, or folder of a run, of one of its stages, or of a checkpoint")
    .addOption(
      new Option("--format <name>", "what to write").choices(["onnx", "tfjs", "safetensors"]).makeOptionMandatory(),
    )
    .requiredOption("-o, --output <path>", "file to write, or folder of tfjs")
    .addOption(plugins())
    .addOption(
      new Option("--backend <name>", "to check the export on: auto, onednn, webgpu, tensorflow or cpu").default("auto"),
    )
    .addHelpText("after", "\nExample:\n  simclr export runs/signs-few-labels --format onnx -o student.onnx")
    .action(async (model: string, options: ExportCommandOptions) => {
      const { exportCommand } = await import("./export-command.js");
      await exportCommand(model, options);
    });

  simclr
    .command("compare")
    .description(
      "put runs side by side; of runs of one name, which differ in their seed, also the mean and its interval",
    )
    .argument("<runs...>", "folders of runs that have ended")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  simclr compare runs/cifar10-small-*")
    .action(async (runs: readonly string[], options: CompareCommandOptions) => {
      const { compareCommand } = await import("./compare-command.js");
      await compareCommand(runs, options);
    });

  const config = simclr.command("config").description("explain and check configurations").exitOverride();

  config
    .command("validate")
    .description("check a configuration without running it")
    .argument("<file>", "YAML")
    .option("--data <folder>", "folder of the data, instead of data.root")
    .addOption(assignments())
    .option("--json", "print the whole configuration, defaults filled in")
    .addHelpText("after", "\nExample:\n  simclr config validate my.yaml --set pretrain.epochs=10")
    .action(async (file: string, options: ConfigValidateOptions) => {
      const { configValidateCommand } = await import("./config-command.js");
      await configValidateCommand(file, options);
    });

  config
    .command("explain")
    .description("say what a key means, what it may be and what it is by default, and the same of the keys below")
    .argument("<key>", "such as pretrain.effectiveBatch")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  simclr config explain distill")
    .action(async (key: string, options: ConfigExplainOptions) => {
      const { configExplainCommand } = await import("./config-command.js");
      configExplainCommand(key, options);
    });

  config
    .command("schema")
    .description("print JSON Schema, by which editors complete and check YAML")
    .addHelpText("after", "\nExample:\n  simclr config schema > simclr.schema.json")
    .action(async () => {
      const { configSchemaCommand } = await import("./config-command.js");
      configSchemaCommand();
    });

  const data = simclr.command("data").description("look at images before training on them").exitOverride();

  data
    .command("check")
    .description(
      "read whole data sets: classes, sizes, broken files, and images that come twice, also across data sets",
    )
    .argument("<paths...>", "folder, tar file, or pattern of tar files; several are compared with each other")
    .option("--labels <file>", "CSV file with the columns file and label")
    .option("--format <name>", "layout, where looking at the path does not tell")
    .option("--split <names>", "parts of a data set that brings its own, such as train,test; compared with each other")
    .addOption(new Option("--limit <n>", "read the first n images only").argParser(Number))
    .addOption(new Option("--channels <n>", "3 for RGB, 1 for grey, 4 for RGB and alpha").argParser(Number))
    .addOption(new Option("--workers <n>", "threads (default: the cores, at most 8)").argParser(Number))
    .option("--sheet <file>", "draw samples of each class of the first data set as a PNG file")
    .option("--json", "print everything as JSON")
    .addHelpText(
      "after",
      "\nExit status: 0 if nothing is wrong; 1 if there are problems, or a path holds no images; 2 for wrong usage.\n\nExample:\n  simclr data check photos/train photos/test --sheet samples.png",
    )
    .action(async (paths: readonly string[], options: DataCheckOptions) => {
      const { dataCheckCommand } = await import("./data-check-command.js");
      endWith(await dataCheckCommand(paths, options));
    });

  simclr
    .command("model")
    .description("say what a network is and needs: layers, parameters, feature dimension, arithmetic, memory")
    .argument("<name>", "r<depth>[_<width>x][_sk0|_sk1], such as r50_2x_sk1")
    .addOption(new Option("--image-size <pixels>", "side of the images").argParser(Number).default(224))
    .addOption(new Option("--batch <n>", "images in a batch, two views each").argParser(Number).default(64))
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  simclr model r152_3x_sk1 --image-size 224 --batch 2")
    .action(async (name: string, options: ModelCommandOptions) => {
      const { modelCommand } = await import("./model-command.js");
      modelCommand(name, options);
    });

  simclr
    .command("launch")
    .description("run simclr on several ranks, which train as one: with mpirun, on this machine or several")
    .argument("<args...>", "what each rank runs, such as: run configs/cifar10-small.yaml")
    .addOption(new Option("-n, --ranks <n>", "ranks in all (default: those of --hosts, or 2)").argParser(Number))
    .option("--hosts <list>", "machines and their ranks, such as node1:4,node2:4")
    .addOption(new Option("--mpi <family>", "whose launcher").choices(["openmpi", "mpich"]).default("openmpi"))
    .addOption(new Option("--threads <n>", "threads of a rank (default: the processors, shared)").argParser(Number))
    .option("--interface <network>", "network between the machines, by name or subnet")
    .option("--dry-run", "print the command and do nothing")
    .passThroughOptions()
    .addHelpText("after", "\nExample:\n  simclr launch -n 4 run configs/cifar10-small.yaml --data ~/cifar10-jpeg")
    .action(async (args: readonly string[], options: LaunchCommandOptions) => {
      const { launchCommand } = await import("./launch-command.js");
      endWith(await launchCommand(args, options));
    });

  simclr
    .command("doctor")
    .description("say what this machine has, which backends work and compute right, and what would help")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  simclr doctor")
    .action(async (options: DoctorCommandOptions) => {
      const { doctorCommand } = await import("./doctor-command.js");
      endWith(await doctorCommand(options));
    });

  simclr
    .command("backend")
    .description("load a backend, check its arithmetic, and say what it runs on")
    .argument("[name]", "auto, onednn, webgpu, tensorflow or cpu", "auto")
    .addHelpText("after", "\nExample:\n  simclr backend onednn")
    .action(async (name: string) => {
      const { backendCommand } = await import("./backend-command.js");
      await backendCommand(name);
    });

  simclr
    .command("completion")
    .description("print what a shell loads to complete commands, options and files")
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .addHelpText("after", "\nExample:\n  simclr completion bash > ~/.local/share/bash-completion/completions/simclr")
    .action((shell: Shell) => void process.stdout.write(completionScript(simclr, shell)));

  // Commander prints help and its own errors; exitOverride turns its exits into CommanderError on every level.
  for (const command of [...simclr.commands, ...imports.commands, ...config.commands, ...data.commands])
    command.exitOverride();
  return simclr;
}

const runFolder = (): Option => new Option("-o, --output <folder>", "folder of the run (default: runs/<name>)");

const backendOption = (): Option =>
  new Option("--backend <name>", "auto, onednn, webgpu, tensorflow or cpu").default("auto");

const minutes = (): Option =>
  new Option("--max-minutes <n>", "stop with a checkpoint before the time is up; the same command goes on from there");

const modelOutput = (): Option => new Option("-o, --output <file>", "model file (default: <architecture>.safetensors)");

const imageSize = (): Option =>
  new Option("--image-size <pixels>", "of the images that it is used with").argParser(Number);

const classNamesFile = (): Option => new Option("--classes <file>", "names of the classes, one a line, in order");

const checkImages = (): Option =>
  new Option(
    "--check <images>",
    "measure the accuracy on labelled images; their class folders, sorted, name the classes",
  );

const assignments = (): Option =>
  new Option("--set <key=value>", "change a setting, such as pretrain.epochs=10; may be given again")
    .argParser((value: string, before: string[]) => [...before, value])
    .default([], "none");

const plugins = (): Option =>
  new Option(
    "--plugin <module>",
    "a plugin that the network comes from: a path that begins with ./ or a package; may be given again (default: those of the run, for a checkpoint)",
  ).argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);

export interface DataCheckOptions {
  readonly labels?: string;
  readonly format?: string;
  readonly split?: string;
  readonly limit?: number;
  readonly channels?: number;
  readonly workers?: number;
  readonly sheet?: string;
  readonly json?: boolean;
}

/** Options that `run` and `demo` share. */
export interface RunCommandOptions {
  readonly data?: string;
  readonly output?: string;
  readonly set: readonly string[];
  readonly fresh?: boolean;
  readonly json?: boolean;
  /** As it was given: the configuration checks it. */
  readonly maxMinutes?: string;
}

/** Options that both imports share. */
interface ImportOptions {
  readonly output?: string;
  readonly imageSize?: number;
  readonly classes?: string;
  readonly check?: string;
  readonly backend: string;
  readonly json?: boolean;
}

export interface ImportTensorflowOptions extends ImportOptions {
  readonly copy?: "base" | "average";
  readonly architecture?: string;
  readonly classifierLayer: number;
}

export interface ImportTorchCommandOptions extends ImportOptions {
  readonly normalisation: boolean;
}

export interface ExportCommandOptions {
  readonly plugin?: readonly string[];
  readonly format: "onnx" | "tfjs" | "safetensors";
  readonly output: string;
  readonly backend: string;
}

export interface ModelCommandOptions {
  readonly imageSize: number;
  readonly batch: number;
  readonly json?: boolean;
}

export interface PredictCommandOptions {
  readonly plugin?: readonly string[];
  readonly skipBroken?: boolean;
  readonly backend: string;
  readonly json?: boolean;
}

export interface EmbedCommandOptions {
  readonly output: string;
  readonly skipBroken?: boolean;
  readonly backend: string;
}

export interface NeighborsCommandOptions {
  readonly k: number;
  readonly backend: string;
  readonly json?: boolean;
}

export interface LabelCommandOptions {
  readonly count: number;
  readonly seed: number;
  readonly backend: string;
  readonly json?: boolean;
}

export interface ConfigValidateOptions {
  readonly data?: string;
  readonly set: readonly string[];
  readonly json?: boolean;
}

export interface ConfigExplainOptions {
  readonly json?: boolean;
}

export interface CompareCommandOptions {
  readonly json?: boolean;
}

export interface DoctorCommandOptions {
  readonly json?: boolean;
}
