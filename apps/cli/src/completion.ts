import type { Command } from "commander";

/** Shells that a completion can be written for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** A command with the words that lead to it: `["data", "check"]`. */
interface Node {
  readonly path: readonly string[];
  readonly command: Command;
}

/** The script that a shell loads so that it completes `simclr`: commands, their options, and files. */
export function completionScript(program: Command, shell: Shell): string {
  const nodes = collect(program, []);
  if (shell === "fish") return fish(nodes);
  return shell === "bash" ? bash(nodes) : `autoload -U +X bashcompinit && bashcompinit\n${bash(nodes)}`;
}

function collect(command: Command, path: readonly string[]): Node[] {
  return [{ path, command }, ...command.commands.flatMap((child) => collect(child, [...path, child.name()]))];
}

const optionsOf = ({ options }: Command): string[] => [
  ...options.flatMap(({ short, long }) => [long, short].filter((flag) => flag !== undefined && flag !== null)),
  "--help",
];

function bash(nodes: readonly Node[]): string {
  const deeper = nodes.slice(1).map(({ path }) => `" ${path.join(" ")}"`);
  const cases = nodes.map(({ path, command }) => {
    const words = command.commands.map((child) => child.name());
    const place = path.length === 0 ? '""' : `" ${path.join(" ")}"`;
    const plain = words.length > 0 ? `compgen -W "${words.join(" ")}" -- "$current"` : 'compgen -f -- "$current"';
    return `    ${place}) options="${optionsOf(command).join(" ")}"; found=$(${plain}) ;;`;
  });
  return `_simclr() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" options="" found="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
      ${deeper.join("|")}) path="$path \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  [[ $current == -* ]] && found=$(compgen -W "$options" -- "$current")
  local IFS=$'\\n'
  COMPREPLY=($found)
}
complete -o filenames -F _simclr simclr
`;
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, command }) => {
    const here = path.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ") || "__fish_use_subcommand";
    const names = command.commands.map((child) => child.name());
    const before =
      names.length > 0 && path.length > 0 ? `; and not __fish_seen_subcommand_from ${names.join(" ")}` : "";
    const condition = `-n ${quoted(here + before)}`;
    return [
      ...command.commands.map(
        (child) => `complete -c simclr -f ${condition} -a ${child.name()} -d ${quoted(child.description())}`,
      ),
      ...command.options.map(({ short, long, description }) => {
        const flags = [long && `-l ${long.slice(2)}`, short && `-s ${short.slice(1)}`].filter(Boolean).join(" ");
        return `complete -c simclr ${condition} ${flags} -d ${quoted(description)}`;
      }),
    ];
  });
  return `${lines.join("\n")}\n`;
}

const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
