import { CheckpointError, type Weight } from "@simclr/core";
import type { Assignment } from "./import-report.js";

const LISTED = 4;

/**
 * Verifies an import before a value is read: every weight of the model has a tensor, no tensor is used twice, all shapes are
 * as the architecture wants them, and no tensor that must be used is left over.
 *
 * @param found - Shapes of the file's tensors, by name.
 * @param required - Tensors that belong to the imported parts, so that one left over means another architecture.
 * @throws CheckpointError that names the tensors.
 */
export function checkAssignments(
  where: string,
  architecture: string,
  weights: readonly Weight[],
  assignments: readonly Assignment[],
  found: ReadonlyMap<string, readonly number[]>,
  required: readonly string[],
): void {
  const missing: string[] = [];
  const misshapen: string[] = [];
  const used = new Set<string>();
  for (const { source, shape } of assignments) {
    const actual = found.get(source);
    if (actual === undefined) missing.push(`"${source}" [${shape.join(", ")}]`);
    else if (actual.join() !== shape.join())
      misshapen.push(`"${source}" must be [${shape.join(", ")}], it is [${actual.join(", ")}]`);
    if (used.has(source)) throw new Error(`the tensor "${source}" would be used twice`); // a defect of the mapping
    used.add(source);
  }
  const assigned = new Set(assignments.map(({ weight }) => weight));
  const forgotten = weights.filter(({ name }) => !assigned.has(name));
  if (forgotten.length > 0) throw new Error(`no tensor was looked for "${forgotten[0]!.name}"`); // likewise
  const extra = required.filter((name) => !used.has(name)).map((name) => `"${name}"`);
  const problems = [
    ...list("missing", missing),
    ...list("of another shape", misshapen),
    ...list("that this architecture does not have", extra),
  ];
  if (problems.length > 0)
    throw new CheckpointError(
      `${where} does not hold the weights of ${architecture}: ${problems.join(" ")} Name its architecture, or check that the file is whole.`,
      { subject: where, expected: architecture },
    );
}

function list(kind: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const rest = items.length > LISTED ? ` and ${items.length - LISTED} more` : "";
  return [
    `${items.length} ${items.length === 1 ? "tensor" : "tensors"} ${kind}: ${items.slice(0, LISTED).join("; ")}${rest}.`,
  ];
}
