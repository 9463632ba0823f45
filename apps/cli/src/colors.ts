import pc from "picocolors";

const { NO_COLOR, FORCE_COLOR, TERM } = process.env;

/** Of what goes to the standard output. */
export const outColors = pc.createColors(hasColors(process.stdout));
/** Of what goes to the standard error. */
export const errColors = pc.createColors(hasColors(process.stderr));

/** A terminal that has colours, unless the user says otherwise (no-color.org, force-color.org). */
function hasColors(stream: NodeJS.WriteStream): boolean {
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== "0";
  return stream.isTTY === true && TERM !== "dumb";
}
