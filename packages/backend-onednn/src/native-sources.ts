/** Put in by the build (tsup.config.ts, vitest.config.ts) from scripts/native-sources.mjs. */
declare const SIMCLR_NATIVE_SOURCES: string;

/** The state of the native sources that this JavaScript was built beside: 16 hexadecimal digits. */
const EXPECTED: string = SIMCLR_NATIVE_SOURCES;

/** `code` of the error for an addon of other sources. */
export const OTHER_SOURCES = "SIMCLR_OTHER_SOURCES";

/**
 * Refuses an addon that was compiled from other sources: its kernels may be missing, or take other arguments.
 *
 * @param sources - What the addon says of itself; undefined if it says nothing.
 * @throws Error with the code `OTHER_SOURCES`
 */
export function checkSources(sources: string | undefined): void {
  if (sources === EXPECTED) return;
  const message = `was compiled from other sources (${sources ?? "not said"}) than this package was built with (${EXPECTED})`;
  throw Object.assign(new Error(message), { code: OTHER_SOURCES });
}
