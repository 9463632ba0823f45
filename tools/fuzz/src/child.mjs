// The process that reads damaged files; its parent ends it when it hangs.
import { largest } from "./allocations.mjs";
import { newTally, runCases } from "./run-cases.mjs";

process.on("message", async ({ format, seed, first, end }) => {
  const tally = newTally();
  await runCases(format, seed, first, end, tally, (index) => {
    if (index === first) largest.bytes = 0; // what was needed to get ready
    if (index % 50 === 0 || end - first <= 50) process.send({ at: index });
  });
  const { maxRSS } = process.resourceUsage();
  process.send(
    { ...tally, messages: [...tally.messages], maxRssMegabytes: maxRSS / 1024, largestBytes: largest.bytes },
    () => process.exit(0),
  );
});
