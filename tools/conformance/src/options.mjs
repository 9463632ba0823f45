import { parseArgs } from "node:util";
import { families, TIERS } from "./families.mjs";

export const USAGE = `npm run conformance -- [options]: runs tfjs-core's own specs on a backend.

  --backend NAME    onednn (default), cpu, webgpu, or tensorflow: the tfjs-node of the project in the working folder
  --family A,B      only these families
  --tier A,B        only these tiers: ${TIERS.join(", ")}
  --host-kernels    also list which kernels of onednn ran in tfjs's cpu backend
  --json            print the results as JSON
  --help

Families: ${families.map(({ name }) => name).join(", ")}.`;

/** Wrong usage; the message says what is there instead. */
export class UsageError extends Error {}

/**
 * Reads the command line.
 * @throws UsageError for options, backends, families or tiers that do not exist.
 */
export function parseOptions(args, backendNames) {
  const values = parse(args);
  const backend = values.backend;
  choose("backend", [backend], backendNames);
  if (values.family && values.tier) throw new UsageError("give --family or --tier, not both.");
  if (values["host-kernels"] && backend !== "onednn")
    throw new UsageError(`--host-kernels is for onednn, which has kernels of its own; received --backend ${backend}.`);
  return {
    backend,
    families: chooseFamilies(values),
    hostKernels: values["host-kernels"],
    json: values.json,
    help: values.help,
  };
}

function parse(args) {
  const boolean = { type: "boolean", default: false };
  try {
    return parseArgs({
      args: args[0] === "--" ? args.slice(1) : args, // pnpm hands it on, npm does not
      options: {
        backend: { type: "string", default: "onednn" },
        family: { type: "string", multiple: true },
        tier: { type: "string", multiple: true },
        "host-kernels": boolean,
        json: boolean,
        help: boolean,
      },
    }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function chooseFamilies({ family, tier }) {
  if (family) {
    const chosen = choose(
      "family",
      split(family),
      families.map(({ name }) => name),
    );
    return families.filter(({ name }) => chosen.includes(name));
  }
  if (!tier) return families;
  const chosen = choose("tier", split(tier), TIERS);
  return families.filter((candidate) => chosen.includes(candidate.tier));
}

function split(values) {
  return values.flatMap((value) => value.split(",")).map((name) => name.trim());
}

function choose(what, chosen, names) {
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`there is no ${what} "${unknown}". ${list(names)}`);
  return chosen;
}

function list(names) {
  return `There are: ${names.join(", ")}.`;
}
