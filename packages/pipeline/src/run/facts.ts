import { cpus } from "node:os";
import { type BackendReport, backendFacts, describeBackend } from "@simclr/backends";
import { balanceWords, classBalance } from "@simclr/data";
import type { Config } from "../config/schema.js";
import type { RunImages } from "../images.js";
import type { LoadedPlugin } from "../plugins/load-plugins.js";

/** What one must know to repeat the run, for the report and `results.json`. */
export function runFacts(
  config: Config,
  backend: BackendReport,
  images: RunImages,
  plugins: readonly LoadedPlugin[],
  elapsedMs: number,
): Readonly<Record<string, string>> {
  const { depth, width, selectiveKernel, encoder } = config.model;
  const resNet = `ResNet-${depth}, width ${width}${selectiveKernel ? ", selective kernels" : ""}`;
  const own = typeof encoder === "object" ? encoder.name : encoder;
  const memory = process.resourceUsage().maxRSS / 1024; // kilobytes on every platform that Node supports
  return {
    "training images": `${images.train.size.toLocaleString("en")} from ${config.data.train === "shapes" ? "shapes" : images.train.name}`,
    "training labels": balanceWords(classBalance(images.train)),
    "test images": images.test.size.toLocaleString("en"),
    ...(images.overlap.length > 0 && {
      "test images that are also training images": images.overlap.length.toLocaleString("en"),
    }),
    classes: images.classNames.join(", "),
    "decoded images": `${megabytes(images)} in ${images.train.file ?? "memory"}`,
    ...(config.data.onBroken === "skip" && { "broken images left out": images.skipped.length.toLocaleString("en") }),
    "pretraining method": config.method.name,
    network: `${own ?? resNet}, ${config.data.imageSize} px`,
    seed: String(config.seed),
    ...(plugins.length > 0 && { plugins: plugins.map(pluginWords).join("; ") }),
    backend: `${backend.name} (${backend.details})`,
    ...Object.fromEntries(
      Object.entries(backendFacts(describeBackend())).map(([name, fact]) => [`backend's ${name}`, fact]),
    ),
    processor: `${cpus()[0]?.model.trim() ?? "unknown"}, ${cpus().length} cores`,
    "Node.js": process.versions.node,
    "time of this sitting": `${Math.floor(elapsedMs / 60_000)} min ${Math.round((elapsedMs % 60_000) / 1000)} s`,
    "peak memory": `${memory.toFixed(0)} MB`,
  };
}

function megabytes({ train, test }: RunImages): string {
  return `${((train.byteLength + test.byteLength) / 1e6).toLocaleString("en", { maximumFractionDigits: 1 })} MB`;
}

/** A plugin, its version and what it adds, in a line. */
export function pluginWords({ name, version, sha256, definitions }: LoadedPlugin): string {
  const adds = definitions.map((definition) => `${definition.kind} ${definition.name}`).join(", ");
  return `${name} ${version ?? `of SHA-256 ${sha256.slice(0, 12)}`} (${adds})`;
}
