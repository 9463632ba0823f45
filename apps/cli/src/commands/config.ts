import type { Command } from "commander";
import type { ConfigExplainOptions, ConfigValidateOptions } from "../config-command.js";
import { assignments } from "./options.js";

/** Declares `config` and its subcommands. What it needs is loaded when it runs. */
export function addConfig(program: Command): void {
  const config = program.command("config").description("explain and check configurations");

  config
    .command("validate")
    .description("check a configuration without running it")
    .argument("<file>", "YAML")
    .option("--data <folder>", "folder of the data, instead of data.root")
    .addOption(assignments())
    .option("--json", "print the whole configuration, defaults filled in")
    .addHelpText("after", "\nExample:\n  simclr config validate my.yaml --set pretrain.epochs=10")
    .action(async (file: string, options: ConfigValidateOptions) => {
      const { configValidateCommand } = await import("../config-command.js");
      await configValidateCommand(file, options);
    });

  config
    .command("explain")
    .description("say what a key means, what it may be and what it is by default, and the same of the keys below")
    .argument("<key>", "such as pretrain.effectiveBatch")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  simclr config explain distill")
    .action(async (key: string, options: ConfigExplainOptions) => {
      const { configExplainCommand } = await import("../config-command.js");
      configExplainCommand(key, options);
    });

  config
    .command("schema")
    .description("print JSON Schema, by which editors complete and check YAML")
    .addHelpText("after", "\nExample:\n  simclr config schema > simclr.schema.json")
    .action(async () => {
      const { configSchemaCommand } = await import("../config-command.js");
      configSchemaCommand();
    });
}
