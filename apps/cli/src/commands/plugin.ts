import { Argument, type Command } from "commander";
import type { PluginNewOptions } from "../plugin-command.js";
import { PLUGIN_KINDS, type PluginKind } from "../plugin-kinds.js";

/** Declares `plugin` and its subcommands. What it needs is loaded when it runs. */
export function addPlugin(program: Command): void {
  const plugin = program.command("plugin").description("extend simclr with packages of your own");

  plugin
    .command("new")
    .description("make a package for a plugin: its source, a test, a README, and a configuration that uses it")
    .addArgument(new Argument("<kind>", "what it adds").choices(PLUGIN_KINDS))
    .argument("<name>", "in lower-case letters, digits and hyphens, such as soft-triplet")
    .option("-o, --output <folder>", "where it is made (default: simclr-plugin-<name>)")
    .addHelpText("after", "\nExample:\n  simclr plugin new loss soft-triplet")
    .action(async (kind: PluginKind, name: string, options: PluginNewOptions) => {
      const { pluginNewCommand } = await import("../plugin-command.js");
      await pluginNewCommand(kind, name, options);
    });
}
