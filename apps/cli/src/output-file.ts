import { extname } from "node:path";
import { InvalidArgumentError } from "@simclr/core";

/**
 * Refuses a file whose ending chooses no format, before any work is done for it.
 *
 * @throws InvalidArgumentError naming the endings.
 */
export function checkEnding(option: string, file: string, endings: readonly string[]): void {
  const received = extname(file);
  if (endings.includes(received)) return;
  throw new InvalidArgumentError(
    `${option}: the file must end in ${endings.join(", ")}, which chooses the format; received ${file}.`,
    { subject: option, expected: endings.join(", "), received },
  );
}
