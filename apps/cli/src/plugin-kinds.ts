export const PLUGIN_KINDS = ["augmentation", "loss", "hook", "dataset", "method", "encoder"] as const;

/** What `simclr plugin new` makes packages for. */
export type PluginKind = (typeof PLUGIN_KINDS)[number];
