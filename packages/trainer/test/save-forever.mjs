// Saves checkpoints as fast as it can until it is killed; run by kill.test.ts. Arguments: folder, first step.
import { latestCheckpoint, saveCheckpoint } from "@simclr/trainer/node";

const [folder, firstStep] = process.argv.slice(2);
const size = 200_000; // 0.8 MB a file: a save takes long enough to be hit in every phase
const { checkpoint } = await latestCheckpoint(folder);
if (checkpoint !== undefined && checkpoint.state.step !== Number(firstStep) - 1) process.exit(3);
process.stdout.write("ready\n");
for (let step = Number(firstStep); ; step++) {
  const data = new Float32Array(size).fill(step);
  const arrays = { w: { shape: [size], data } };
  // Every second step is saved twice, so that replacing is hit too.
  for (let i = 0; i <= step % 2; i++)
    await saveCheckpoint(folder, { state: { step, weights: arrays, slots: arrays, meta: {} } });
  process.stdout.write(`${step}\n`);
}
