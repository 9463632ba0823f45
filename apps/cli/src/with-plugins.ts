import { type LoadTrainedOptions, pluginSource } from "@simclr/pipeline";

/** What `--plugin` named, seen from the working directory; nothing of its own where it was not given. */
export function withPlugins(named: readonly string[] | undefined): LoadTrainedOptions {
  if (named === undefined) return {};
  return { plugins: named.map((each) => pluginSource(each, process.cwd())) };
}
