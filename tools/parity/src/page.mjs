import { LIMIT } from "./compare.mjs";

const STAGES = ["set-up", "pretraining", "training from scratch", "fine-tuning", "distillation", "evaluation"];
const short = (error) => (error === 0 ? "0" : error.toExponential(0));

/**
 * The page of all that was compared, Markdown.
 * @param found - `losses`: the largest difference by task; `calls`: what each recorded call gave, with its errors by setting.
 */
export function page({ adapter, steps, losses, calls }) {
  const kernels = calls.filter(({ call }) => call.kind === "kernel");
  const gradients = calls.filter(({ call }) => call.kind === "gradient");
  return `# webgpu beside cpu

Written by \`npm run parity -- --update\`: on ${adapter}.

Two short runs of the pipeline are recorded on webgpu: with small images, every stage, as the demo has them (ResNet-18, 8 px, LARS
and momentum); and with large ones, as the paper has them (ResNet-50 with selective kernels and the ImageNet stem, 32 px, blur,
AdamW). Every kernel that the engine ran, and every registered gradient that was taken, is then computed again from the recorded
inputs, once for each set of shapes and attributes, on webgpu and on cpu. An error is the largest difference of a result,
relative to the largest value of that result; ${LIMIT.toExponential(0)} is allowed, and infinities and NaN must be where cpu has them. Kernels of
our own are compared with what \`@simclr/ops\` computes on cpu without them. "On the GPU" is with \`WEBGPU_CPU_FORWARD\` off; with it on,
as tfjs has it by default, kernels of few elements run on the CPU. Widths are small, because a driver that computes on the CPU is
slow. Of equal maxima in a window cpu passes the gradient to the first and webgpu to the last: they are zeros that a ReLU left, which
passes none on, and are told apart before the gradient of MaxPool is compared. The tests of \`@simclr/backend-webgpu\` have the
kernels that are ours at larger sizes.

## Training

The largest difference of the loss from cpu's over ${steps} steps, where 1e-4 is allowed:

| task | difference |
| --- | --- |
${Object.entries(losses)
  .map(([task, difference]) => `| ${task} | ${short(difference)} |`)
  .join("\n")}

## Kernels

${kernels.length} calls of ${new Set(kernels.map(({ call }) => call.name)).size} kernels:

${table(kernels)}

## Gradients

${gradients.length} calls of the gradients of ${new Set(gradients.map(({ call }) => call.name)).size} kernels:

${table(gradients)}
`;
}

function table(rows) {
  const names = [...new Set(rows.map(({ call }) => call.name))].sort();
  const lines = names.map((name) => {
    const own = rows.filter(({ call }) => call.name === name);
    const worst = (setting) => short(Math.max(...own.map(({ errors }) => errors[setting])));
    const stages = STAGES.filter((stage) => own.some(({ call }) => call.stages.has(stage)));
    const largest = own.map(({ call }) => largestInput(call)).reduce((a, b) => (size(b) > size(a) ? b : a));
    const words = stages.length === STAGES.length ? "all" : stages.join(", ");
    return `| ${name} | ${own.length} | [${largest.join(", ")}] | ${worst("off")} | ${worst("on")} | ${words} |`;
  });
  return [
    "| kernel | shapes and attributes | largest input | error on the GPU | error with CPU forwarding | in |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

const size = (shape) => shape.reduce((product, side) => product * side, 1);
const largestInput = ({ inputs }) => inputs.map(({ shape }) => shape).reduce((a, b) => (size(b) > size(a) ? b : a), []);
