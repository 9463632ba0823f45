import { ConfigError } from "@simclr/core";
import { resNetFeatureDimension } from "@simclr/models";
import { checkEncoder, checkHead } from "@simclr/models/testing";
import { architectureOf, ownEncoder, type Plan, type Size } from "../build.js";
import { namedEncoder, namedHead } from "./build-own.js";
import { inPlace } from "./build-recipe.js";
import { ofPlugin } from "./check-parts.js";

/**
 * Checks what the configuration says of its networks, without making one: that a ResNet is possible and the images are large
 * enough for its stem, that a student that starts from another network's weights has its architecture, and that plugins have the encoders and the head that are named.
 *
 * @throws ConfigError with the place in the configuration.
 */
export function checkArchitectures({ config, parts }: Plan): void {
  const { model, distill } = config;
  const students = (distill?.students ?? []).map((size, i) => ({ size, place: `distill.students[${i}]` }));
  for (const { size, place } of [{ size: {}, place: "model" }, ...students]) {
    const own = ownEncoder(config, size);
    if (own === undefined) inPlace(place, () => resNetFeatureDimension(architectureOf(config, size)));
    else namedEncoder(own, `${place}.encoder`, parts);
  }
  if (model.head.name !== undefined) namedHead(model.head, "model.head", parts);
  const architecture = (size: Size): string => JSON.stringify(ownEncoder(config, size) ?? architectureOf(config, size));
  for (const { size, place } of students) {
    const { initialize } = size;
    if (initialize === "random" || architecture(size) === architecture({})) continue;
    throw new ConfigError(
      `${place}.initialize: ${initialize} needs the teacher's architecture, and the student has another. Leave out what makes it differ, or set initialize to random.`,
      { subject: `${place}.initialize`, expected: "the teacher's architecture", received: initialize },
    );
  }
}

/**
 * Tries the encoders and the head that a configuration takes from plugins, with its options, on the backend that will run
 * them and for images of its size, before anything is trained.
 *
 * @throws ConfigError naming the plugin, what its part did and what it should do; or the place in the configuration that
 * does not fit the part.
 */
export async function checkNetworks({ config, parts }: Plan): Promise<void> {
  const { data, model, distill, finetune, seed } = config;
  const { imageSize, channels } = data;
  let inputDimension = model.encoder === undefined ? resNetFeatureDimension(architectureOf(config)) : 0;
  const students = distill?.students ?? [];
  const encoders = [
    { place: "model.encoder", spec: model.encoder },
    ...students.map(({ encoder }, i) => ({ place: `distill.students[${i}].encoder`, spec: encoder })),
  ];
  for (const { place, spec } of encoders) {
    if (spec === undefined) continue;
    const { definition, options } = namedEncoder(spec, place, parts);
    const built = inPlace(place, () => definition.build({ options, imageSize, channels, random: "zeros" }));
    if (place === "model.encoder") inputDimension = built.featureDimension;
    built.dispose();
    await ofPlugin(parts.pluginOf("encoder", definition.name), () =>
      checkEncoder(definition, { options, imageSize, channels, seed }),
    );
  }
  if (model.head.name === undefined) return;
  const { definition, options } = namedHead(model.head, "model.head", parts);
  const built = inPlace("model.head", () => definition.build({ options, inputDimension, random: "zeros" }));
  const { layers } = built;
  built.dispose();
  await ofPlugin(parts.pluginOf("head", definition.name), () =>
    checkHead(definition, { options, inputDimension, seed }),
  );
  if (finetune.headLayer <= layers) return;
  throw new ConfigError(
    `finetune.headLayer: must be at most ${layers}, the layers of the head "${definition.name}"; received ${finetune.headLayer}. 0 is the encoder.`,
    { subject: "finetune.headLayer", expected: `at most ${layers}`, received: String(finetune.headLayer) },
  );
}
