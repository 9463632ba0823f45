import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { launchLine } from "./launch-line.js";

const program = ["node", "train.mjs"];
const line = (...args: Parameters<typeof launchLine>) => {
  const { command, args: rest } = launchLine(...args);
  return [command, ...rest].join(" ");
};

describe("launchLine", () => {
  it("starts ranks on this machine without tying them to cores", () => {
    expect(line(program, { ranks: 4, threadsPerRank: 2, asRoot: false })).toBe(
      "mpirun --bind-to none -n 4 --oversubscribe -x SIMCLR_NUM_THREADS=2 node train.mjs",
    );
    expect(line(program, { ranks: 1, threadsPerRank: 8, asRoot: true })).toContain("mpirun --allow-run-as-root ");
    expect(line(program, { ranks: 2, threadsPerRank: 1, family: "MPICH" })).toBe(
      "mpiexec.hydra -bind-to none -n 2 -genv SIMCLR_NUM_THREADS 1 node train.mjs",
    );
  });

  it("between hosts notices a dead link soon, and takes the ring for what is large", () => {
    const hosts = [
      { name: "a", ranks: 2 },
      { name: "b", ranks: 1 },
    ];
    const { args } = launchLine(program, { ranks: 3, hosts, threadsPerRank: 4, interface: "10.1.0.0/16" });
    expect(args.join(" ")).toMatch(
      /--host a:2,b:1 .*--mca oob_tcp_keepalive_time 5 .*--mca btl_tcp_if_include 10\.1\.0\.0\/16/,
    );
    const rules = args[args.indexOf("coll_tuned_dynamic_rules_filename") + 1]!;
    expect(existsSync(rules)).toBe(true);
  });

  it("refuses hosts that have room for another number of ranks", () => {
    expect(() => launchLine(program, { ranks: 4, hosts: [{ name: "a", ranks: 3 }], threadsPerRank: 1 })).toThrow(
      "the hosts must have room for 4 ranks together; they have 3. Write each as NAME:RANKS.",
    );
    expect(() => launchLine(program, { ranks: 0, threadsPerRank: 1 })).toThrow("ranks");
  });
});
