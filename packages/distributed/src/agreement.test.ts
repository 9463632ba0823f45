import { singleProcess } from "@simclr/core";
import { describe, expect, it } from "vitest";
import { ranksThatDiffer, requireAgreement } from "./agreement.js";
import { meetingRanks } from "./meeting-ranks.js";

describe("agreement", () => {
  it("names the fact and the ranks that differ, on every rank", async () => {
    const facts = (rank: number) => ({ config: "batchSize: 64", data: rank === 2 ? "other\nfolder" : "folder" });
    const outcomes = await Promise.allSettled(meetingRanks(3).map((each) => requireAgreement(each, facts(each.rank))));
    expect(outcomes.map((each) => (each as PromiseRejectedResult).reason.message)).toEqual([
      'The ranks disagree on data: rank 2 differs from rank 0 (rank 0 has "folder"). Start all ranks with the same config, data and versions.',
      'The ranks disagree on data: rank 2 differs from rank 0 (rank 1 has "folder"). Start all ranks with the same config, data and versions.',
      'The ranks disagree on data: rank 2 differs from rank 0 (rank 2 has "other folder"). Start all ranks with the same config, data and versions.',
    ]);
  });

  it("compares the names of the facts before them", async () => {
    const outcome = Promise.all(
      meetingRanks(2).map((each) => requireAgreement(each, each.rank === 0 ? { a: "" } : { b: "" })),
    );
    await expect(outcome).rejects.toThrow("The ranks disagree on names of the facts");
  });

  it("accepts what is the same, and one process without a word", async () => {
    await Promise.all(meetingRanks(4).map((each) => requireAgreement(each, { config: "the same" })));
    await requireAgreement(singleProcess(), { config: "" });
  });

  it("finds a single bit", async () => {
    const weights = (rank: number) => {
      const bytes = new Uint8Array(4000);
      if (rank === 1) bytes[3999] = 1;
      return bytes;
    };
    const differing = await Promise.all(meetingRanks(3).map((each) => ranksThatDiffer(each, weights(each.rank))));
    expect(differing).toEqual([[1], [1], [1]]);
  });
});
