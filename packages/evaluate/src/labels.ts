import { InvalidArgumentError, UNLABELLED } from "@simclr/core";

/**
 * Throws unless every label is a class index below `classCount`.
 *
 * @param count - How many labels there must be.
 */
export function checkLabels(
  where: string,
  argument: Record<string, ArrayLike<number>>,
  count: number,
  classCount: number,
): void {
  const [name, labels] = Object.entries(argument)[0]!;
  if (labels.length !== count) {
    throw new InvalidArgumentError(
      `${where}: \`${name}\` must have ${count} entries, one for each row; received ${labels.length}.`,
      { subject: name, expected: `${count} entries`, received: `${labels.length} entries` },
    );
  }
  for (let i = 0; i < count; i++) {
    const label = labels[i]!;
    if (Number.isInteger(label) && label >= 0 && label < classCount) continue;
    const reason =
      label === UNLABELLED
        ? "-1 marks an unlabelled image, which can neither be right nor wrong; leave such rows out."
        : `Labels are class indices below \`classCount\`, which is ${classCount}.`;
    throw new InvalidArgumentError(
      `${where}: \`${name}[${i}]\` must be an integer in [0, ${classCount - 1}]; received ${label}. ${reason}`,
      { subject: `${name}[${i}]`, expected: `[0, ${classCount - 1}]`, received: String(label) },
    );
  }
}

/**
 * Throws unless `values` is a matrix of finite numbers with rows of `columns`, and at least one row.
 *
 * @returns The number of rows.
 */
export function checkMatrix(where: string, argument: Record<string, ArrayLike<number>>, columns: number): number {
  const [name, values] = Object.entries(argument)[0]!;
  const rows = values.length / columns;
  if (!(Number.isInteger(rows) && rows >= 1)) {
    throw new InvalidArgumentError(
      `${where}: \`${name}\` must hold one or more rows of ${columns} numbers; received ${values.length} numbers.`,
      { subject: name, expected: `rows of ${columns}`, received: `${values.length} numbers` },
    );
  }
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    const row = Math.floor(i / columns);
    throw new InvalidArgumentError(
      `${where}: \`${name}\` must be finite; received ${values[i]} in row ${row}. The model that made it has diverged.`,
      { subject: name, expected: "finite numbers", received: String(values[i]) },
    );
  }
  return rows;
}
