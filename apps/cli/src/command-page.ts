import type { Argument, Command, Option } from "commander";
import { ExitCode } from "./exit-code.js";
import { OUTPUTS, SCHEMA_NAMES, type SchemaName } from "./output-schemas/outputs.js";

/** A command that does something, with the words that lead to it: "data check". */
export interface NamedCommand {
  readonly name: string;
  readonly command: Command;
}

/** All commands that do something, in the order of the help. */
export function commandsOf(program: Command, path: readonly string[] = []): NamedCommand[] {
  return program.commands.flatMap((command) => {
    const words = [...path, command.name()];
    const { commands, registeredArguments } = command;
    const own = commands.length === 0 || registeredArguments.length > 0 ? [{ name: words.join(" "), command }] : [];
    return [...own, ...commandsOf(command, words)];
  });
}

export const takesJson = ({ options }: Command): boolean => options.some(({ long }) => long === "--json");

/** The lines of the help that show the command at work. */
export function exampleOf({ command }: NamedCommand): string {
  const [, block = ""] = `\n${textAfter(command)}`.split("\nExample:\n");
  return block.replace(/^ {2}/gm, "").trim();
}

/** What the help says after the options. */
function textAfter(command: Command): string {
  let all = "";
  const writeOut = (text: string): void => {
    all += text;
  };
  command.configureOutput({ writeOut, getOutHasColors: () => false });
  command.outputHelp();
  return all.slice(command.helpInformation().length);
}

const slug = (name: string): string => name.replaceAll(" ", "-");
const cell = (text: string): string => text.replaceAll("|", "\\|").replace(/<([^>]+)>/g, "&lt;$1&gt;");

/** The page of a command, Markdown, from its definition. */
export function commandPage(named: NamedCommand): string {
  const { name, command } = named;
  const help = command.createHelp();
  const rows = [
    ...help.visibleArguments(command).map((argument) => row(help.argumentTerm(argument), argument)),
    ...help.visibleOptions(command).map((option) => row(help.optionTerm(option), option)),
  ];
  return [
    `# simclr ${name}`,
    sentence(command.description()),
    fenced("sh", exampleOf(named)),
    "## Usage",
    fenced("text", help.commandUsage(command)),
    ["| argument or option | meaning |", "| --- | --- |", ...rows].join("\n"),
    ...notesOf(command),
    `## Exit status\n\n${exitStatus(command)}`,
    ...(takesJson(command) ? [`## JSON\n\n${jsonWords(name)}`] : []),
    "The results go to the standard output, everything else to the standard error. [All commands](README.md)",
  ].join("\n\n");
}

const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function row(
  term: string,
  { description, defaultValue, defaultValueDescription, argChoices }: Argument | Option,
): string {
  const choices = argChoices === undefined ? [] : [`one of ${argChoices.join(", ")}`];
  const isShown = defaultValue !== undefined && typeof defaultValue !== "boolean";
  const usual = isShown ? [`default: ${defaultValueDescription ?? String(defaultValue)}`] : [];
  const more = [...choices, ...usual];
  return `| \`${inCode(term)}\` | ${cell(description)}${more.length > 0 ? ` (${more.join("; ")})` : ""} |`;
}

/** In code nothing but the bar needs care. */
const inCode = (text: string): string => text.replaceAll("|", "\\|");

/** What the help says beside the example and the exit status. */
function notesOf(command: Command): string[] {
  const [notes = ""] = textAfter(command).split(/(?:^|\n)Example:\n/);
  return notes
    .replace(/Exit status: .*/, "")
    .trim()
    .split("\n\n")
    .filter((text) => text !== "")
    .map((text) => {
      const [title, ...block] = text.split("\n");
      return block[0]?.startsWith("  ") !== true
        ? text
        : `${title}\n\n${fenced("yaml", block.join("\n").replace(/^ {2}/gm, ""))}`;
    });
}

function exitStatus(command: Command): string {
  const own = /^Exit status: (.*)$/m.exec(textAfter(command))?.[1];
  if (own !== undefined) return sentence(own.replace(/\.$/, ""));
  const trains = command.options.some(({ long }) => long === "--max-minutes");
  const meanings = [
    `${ExitCode.Done}: done`,
    `${ExitCode.Failed}: failed: data, a checkpoint, a backend`,
    `${ExitCode.Usage}: wrong usage or configuration`,
    ...(trains
      ? [`${ExitCode.Interrupted}: interrupted; a checkpoint is written, and the same command goes on from there`]
      : []),
  ];
  return meanings.map((meaning) => `- ${meaning}`).join("\n");
}

const linkTo = (schema: SchemaName): string => `[${schema}](schemas/${schema}.schema.json)`;

function jsonWords(name: string): string {
  const outputs = OUTPUTS[name] ?? [];
  const words = outputs.map(
    ({ schema, option }) => `${option === undefined ? "" : `with \`${option}\` `}${linkTo(schema)}`,
  );
  return `What \`--json\` prints is described by a JSON Schema: ${words.join(", else ")}.`;
}

/** The page that lists all commands. */
export function commandIndex(commands: readonly NamedCommand[]): string {
  const rows = commands.map(({ name, command }) => `| [${name}](${slug(name)}.md) | ${cell(command.description())} |`);
  return [
    "# The command line",
    "A page for each command, made from its definition (`npm run docs:cli`). `simclr COMMAND --help` says the same.",
    ["| command | what it does |", "| --- | --- |", ...rows].join("\n"),
    "## For programs",
    [
      "Results go to the standard output, news and progress to the standard error. Where that is not a terminal, progress comes as plain lines.",
      "There are no colours where the output is not a terminal or `NO_COLOR` is set; `FORCE_COLOR` asks for them.",
      "Every command that takes `--json` has a JSON Schema (draft 2020-12), which the tests hold its output to:",
    ].join("\n"),
    SCHEMA_NAMES.map((schema) => `- ${linkTo(schema)}: ${usersOf(schema).join(", ")}`).join("\n"),
    "## Exit status",
    [
      "| status | meaning |",
      "| --- | --- |",
      `| ${ExitCode.Done} | done |`,
      `| ${ExitCode.Failed} | failed: data, a checkpoint, a backend; some commands say more |`,
      `| ${ExitCode.Usage} | wrong usage or configuration; [what it says then](../errors.md) |`,
      `| ${ExitCode.Interrupted} | interrupted; a checkpoint is written, and the same command goes on from there |`,
    ].join("\n"),
  ].join("\n\n");
}

function usersOf(schema: SchemaName): string[] {
  return Object.entries(OUTPUTS).flatMap(([name, outputs]) =>
    outputs
      .filter((output) => output.schema === schema)
      .map(({ option }) => `\`${name}${option === undefined ? "" : ` ${option}`}\``),
  );
}

export const pageFile = ({ name }: NamedCommand): string => `${slug(name)}.md`;
