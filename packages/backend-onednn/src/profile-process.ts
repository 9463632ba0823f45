import { startOnednnProfile } from "./profile.js";
import { profileTable } from "./profile-table.js";

/**
 * Where the environment variable `SIMCLR_PROFILE` is 1 (or `shapes`), prints the profile of the whole process to
 * stderr when it exits.
 */
export function profileProcessIfAsked(): void {
  const asked = process.env.SIMCLR_PROFILE;
  if (asked !== "1" && asked !== "shapes") return;
  const stop = startOnednnProfile({ byShape: asked === "shapes" });
  process.once("exit", () => process.stderr.write(profileTable(stop())));
}
