import type { BackendReport } from "@simclr/backends";
import { singleProcess } from "@simclr/core";
import { meetingRanks } from "@simclr/distributed/testing";
import { expect, it } from "vitest";
import { checkRanksBackend } from "./ranks.js";

it("refuses webgpu on more than one rank, and nothing else", () => {
  const [rank] = meetingRanks(2);
  const backend = (name: BackendReport["name"]): BackendReport => ({ name, details: "", tried: [] });
  expect(() => checkRanksBackend(backend("webgpu"), rank!)).toThrow(
    "backend: webgpu cannot read a tensor while a gradient is taken, which batch norm over 2 ranks needs. Set backend.name to onednn, or train on one rank.",
  );
  checkRanksBackend(backend("webgpu"), singleProcess());
  checkRanksBackend(backend("onednn"), rank!);
  checkRanksBackend(backend("cpu"), rank!);
});
