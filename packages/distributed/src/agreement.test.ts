import { ranksThatDiffer, singleProcess } from "@simclr/core";
import { describe, expect, it } from "vitest";
import { requireAgreement } from "./agreement.js";
import { meetingRanks } from "./meeting-ranks.js";

const messages = async (size: number, facts: (rank: number) => Record<string, string>): Promise<string[]> => {
  const outcomes = await Promise.allSettled(meetingRanks(size).map((each) => requireAgreement(each, facts(each.rank))));
  return outcomes.map((each) => (each as PromiseRejectedResult).reason.message);
};

describe("agreement", () => {
  it("names the fact, the rank and both values, alike on every rank", async () => {
    const facts = (rank: number) => ({ config: "batchSize: 64", data: rank === 2 ? "other\nfolder" : "folder" });
    expect(await messages(3, facts)).toEqual(
      Array(3).fill(
        'The ranks disagree on data (rank 2 has "other folder", rank 0 has "folder"). Start all ranks with the same config, data and versions.',
      ),
    );
  });

  it("names what one rank does not have, and counts what is too much to name", async () => {
    const [missing] = await messages(2, (rank) => (rank === 0 ? { a: "ä" } : {}));
    expect(missing).toContain('disagree on a (rank 1 has none, rank 0 has "ä").');
    const [many] = await messages(2, (rank) => Object.fromEntries([..."abcde"].map((name) => [name, `${rank}`])));
    expect(many).toContain('a (rank 1 has "1", rank 0 has "0"), b (rank 1 has "1", rank 0 has "0"), c');
    expect(many).toContain(" and 2 more. Start");
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
    const bytes = await Promise.all(meetingRanks(3).map((each) => ranksThatDiffer(each, [weights(each.rank)])));
    expect(bytes).toEqual([[1], [1], [1]]);
    const zeros = (rank: number) => [new Float32Array(7), Float32Array.of(rank === 2 ? -0 : 0)];
    const values = await Promise.all(meetingRanks(3).map((each) => ranksThatDiffer(each, zeros(each.rank))));
    expect(values).toEqual([[2], [2], [2]]);
  });
});
