import { CheckpointError } from "@simclr/core";
import { type LoadedPlugin, loadPlugins } from "./load-plugins.js";
import type { Parts } from "./parts.js";
import type { PluginSource } from "./plugin-source.js";

/** What a checkpoint says of a plugin of its run. */
export interface RecordedPlugin {
  readonly name: string;
  readonly source: PluginSource;
  /** Of its file. */
  readonly sha256: string;
  /** What it defines, such as "encoder conv-net". */
  readonly defines: readonly string[];
}

export function recordPlugins({ plugins }: Parts): readonly RecordedPlugin[] {
  return plugins.map(({ name, source, sha256, definitions }) => ({
    ...{ name, source, sha256 },
    defines: definitions.map((definition) => `${definition.kind} ${definition.name}`),
  }));
}

/**
 * Loads the plugins of a checkpoint's run that define its network.
 *
 * @param needed - Such as "encoder conv-net".
 * @param where - The checkpoint, for messages.
 * @throws CheckpointError if one is missing, cannot be loaded, or was changed since.
 */
export async function loadRecorded(
  recorded: readonly RecordedPlugin[],
  needed: readonly string[],
  where: string,
): Promise<readonly LoadedPlugin[]> {
  const chosen = recorded.filter(({ defines }) => needed.some((part) => defines.includes(part)));
  const plugins: LoadedPlugin[] = [];
  for (const { name, source, sha256 } of chosen) {
    const refuse = (problem: string, remedy: string, cause?: unknown): never => {
      throw new CheckpointError(`${where}: its network comes from the plugin "${name}", ${problem} ${remedy}`, {
        subject: name,
        cause,
      });
    };
    const [plugin] = await loadPlugins([source]).catch((cause: Error) =>
      refuse(
        `which cannot be loaded: ${cause.message}`,
        "Or name it with --plugin where it lies elsewhere now.",
        cause,
      ),
    );
    if (plugin!.sha256 !== sha256)
      refuse(
        `which was changed since the training (${plugin!.file}).`,
        "Put the former one back, or name the file with --plugin to use it as it is.",
      );
    plugins.push(plugin!);
  }
  return plugins;
}
