import { describe, expect, it } from "vitest";
import { formats } from "./formats.mjs";
import { newTally, runCases } from "./run-cases.mjs";

/** Of another seed than the long run's by default, so that every run of both looks at more. */
const SEED = 2;
const CASES = 500;

describe.each(Object.keys(formats))("damaged input: %s", (name) => {
  it("is read, or refused by name", async () => {
    const tally = newTally();
    await runCases(name, SEED, 0, CASES, tally);
    expect(tally.failures).toEqual([]);
    expect(tally.cases).toBe(CASES);
    // The damage must be worth the name, and must not be refused at the door only.
    expect(tally.refused).toBeGreaterThan(CASES / 5);
    expect(tally.messages.size).toBeGreaterThan(5);
  }, 300_000);
});
