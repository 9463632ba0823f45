const LONGEST_MESSAGE = 800; // characters; the JSON has all of it

/** Sums of the counts. */
export function totals(results) {
  const sum = (field) => results.families.reduce((total, row) => total + row[field], 0);
  return {
    files: sum("files"),
    expected: sum("expected"),
    passed: sum("passed"),
    failed: sum("failed"),
    known: sum("known"),
    skipped: sum("skipped"),
  };
}

/** Whether every spec that had to run did, and none failed. */
export function succeeded(results) {
  return results.failures.length === 0 && results.problems.length === 0;
}

/** The results as text: a table by family, what failed and what was skipped, and the total as the last line. */
export function report(results, seconds) {
  const lines = [...table(results.families)];
  for (const { family, file, name, messages } of results.failures)
    lines.push("", `failed: [${family}] ${file}: ${name}`, ...messages.map((message) => indent(shorten(message))));
  const reasons = new Set(results.known.map(({ because }) => because));
  if (reasons.size > 0) lines.push("");
  for (const because of reasons) {
    const own = results.known.filter((each) => each.because === because);
    const families = [...new Set(own.map(({ family }) => family))].join(", ");
    lines.push(`known: ${own.length} specs of ${families}: ${because}`);
  }
  if (results.skipped.length > 0) lines.push("");
  for (const { family, name } of results.skipped) lines.push(`skipped by upstream: [${family}] ${name}`);
  lines.push("");
  if (results.withoutExpectation > 0)
    lines.push(`passed without expecting anything: ${results.withoutExpectation} specs`);
  for (const problem of results.problems) lines.push(`problem: ${problem}`);
  const { files, expected, passed, failed, known, skipped } = totals(results);
  const asKnown = known > 0 ? `, ${known} failed as known` : "";
  lines.push(
    `${results.backend}: ${passed} passed, ${failed} failed${asKnown}, ${skipped} skipped of ${expected} specs ` +
      `in ${files} files, ${seconds.toFixed(1)} s`,
  );
  return lines.join("\n");
}

function* table(rows) {
  const columns = ["files", "specs", "passed", "failed", "skipped"];
  const line = (name, tier, values) =>
    name.padEnd(16) + tier.padEnd(10) + values.map((value) => String(value).padStart(8)).join("");
  yield line("family", "tier", columns);
  for (const { name, tier, files, passed, failed, known, skipped } of rows)
    yield line(name, tier, [files, passed + failed + known + skipped, passed, failed + known, skipped]);
}

/** The kernels that ran in tfjs's cpu backend, most calls first: a table. */
export function hostKernelReport(kernels) {
  const lines = kernels.map(({ kernel, host, native }) => {
    const where = native > 0 ? `${native} calls ran in the addon` : "";
    return `${kernel.padEnd(36)}${String(host).padStart(8)}  ${where}`.trimEnd();
  });
  return [`${"kernels that ran on the host".padEnd(36)}${"calls".padStart(8)}`, ...lines, ""].join("\n");
}

/** From the backend's counts, the kernels that ran on the host at least once. */
export function hostKernels(kernelCalls) {
  return [...kernelCalls]
    .map(([kernel, { native, host }]) => ({ kernel, host, native }))
    .filter(({ host }) => host > 0)
    .sort((a, b) => b.host - a.host || (a.kernel < b.kernel ? -1 : 1));
}

function shorten(message) {
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE)} ...`;
}

function indent(text) {
  return text.replace(/^/gm, "    ");
}
