import { CheckpointError, centerCropBox, cropAndResizeHost, type RawImage } from "@simclr/core";
import { classifierModel, decodeModel, encodeModel, networkOf, type Preprocessing } from "@simclr/exchange";
import type { ClassifierNetwork } from "@simclr/models";
import { type GraphModel, loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { convNet } from "./conv-net.js";
import { RESIZE } from "./pictures.js";

/** From a picture to the probabilities of its classes. */
export interface PictureClassifier {
  /** Where it comes from, for the reader. */
  readonly origin: string;
  readonly classNames: readonly string[];
  /** @returns The probability of each class. */
  classify(picture: RawImage): Promise<Float32Array>;
  /** The network as a model file of simclr; undefined where it came from a file. */
  readonly encode?: () => Promise<Uint8Array[]>;
  dispose(): void;
}

/** The student that was trained here. */
export function studentClassifier(
  network: ClassifierNetwork,
  imageSize: number,
  classNames: readonly string[],
): PictureClassifier {
  const preprocessing: Preprocessing = { imageSize, cropFraction: 1, resize: RESIZE };
  const model = classifierModel(network, { preprocessing, classNames, origin: "the browser" });
  return {
    origin: "the student trained on this page",
    classNames,
    classify: (picture) =>
      probabilities(picture, preprocessing, (images) => network.forward(images, { training: false })),
    encode: () => encodeModel(model),
    dispose: () => model.dispose(),
  };
}

/**
 * A classifier from files: `model.json` with its weight files, as `simclr export --format tfjs` writes them, or a
 * `.safetensors` of simclr.
 *
 * @throws CheckpointError if the files hold none.
 */
export async function loadClassifier(files: readonly File[]): Promise<PictureClassifier> {
  const json = files.find(({ name }) => name.endsWith(".json"));
  const safetensors = files.find(({ name }) => name.endsWith(".safetensors"));
  if (json !== undefined) return graphClassifier(json, files);
  if (safetensors !== undefined) return fileClassifier(safetensors);
  throw new CheckpointError(
    `no model among ${files.map(({ name }) => name).join(", ")}; expected model.json with its .bin files, or a .safetensors. Export one: simclr export RUN --format tfjs.`,
    { subject: "files" },
  );
}

async function fileClassifier(file: File): Promise<PictureClassifier> {
  const model = await decodeModel(new Uint8Array(await file.arrayBuffer()), file.name, { encoders: [convNet] });
  const network = networkOf(model, file.name);
  const { preprocessing } = model;
  return {
    origin: file.name,
    classNames: namesOf(model.classNames, network.classifier.classCount),
    classify: (picture) =>
      probabilities(picture, preprocessing, (images) => network.forward(images, { training: false })),
    dispose: () => model.dispose(),
  };
}

async function graphClassifier(json: File, files: readonly File[]): Promise<PictureClassifier> {
  const refuse = (problem: string, cause?: unknown): never => {
    throw new CheckpointError(
      `${json.name} cannot be used: ${problem}. Choose all files that simclr export --format tfjs wrote, together.`,
      { subject: json.name, cause },
    );
  };
  const { weightsManifest, userDefinedMetadata, ...rest } = await json
    .text()
    .then((text) => JSON.parse(text) as tf.io.ModelJSON)
    .catch((cause) => refuse("it is no JSON", cause));
  const { preprocessing_json, class_names } = (userDefinedMetadata ?? {}) as Readonly<Record<string, string>>;
  if (preprocessing_json === undefined || weightsManifest === undefined)
    return refuse("it does not say how pictures are cut, as simclr writes it");
  const shards = weightsManifest.flatMap(({ paths }) => paths);
  const weightData = await Promise.all(
    shards.map((path) => files.find(({ name }) => name === path)?.arrayBuffer() ?? refuse(`${path} is missing`)),
  );
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const artifacts = { ...rest, userDefinedMetadata, weightSpecs, weightData } as tf.io.ModelArtifacts;
  const graph: GraphModel = await loadGraphModel({ load: async () => artifacts });
  const preprocessing = JSON.parse(preprocessing_json) as Preprocessing;
  const logitsOf = (images: tf.Tensor4D) => (graph.predict({ images }) as tf.NamedTensorMap).logits as tf.Tensor2D;
  const { logits } =
    graph.outputs.length > 0 ? (graph.modelSignature as SignatureOutputs).outputs : { logits: undefined };
  if (logits === undefined) return refuse("it holds an encoder, no classifier");
  const classCount = Number(logits.tensorShape.dim[1]!.size);
  return {
    origin: json.name,
    classNames: namesOf(class_names === undefined ? undefined : JSON.parse(class_names), classCount),
    classify: (picture) => probabilities(picture, preprocessing, logitsOf),
    dispose: () => graph.dispose(),
  };
}

/** What `model.json` says of its outputs. */
interface SignatureOutputs {
  readonly outputs: Readonly<
    Record<string, { readonly tensorShape: { readonly dim: readonly { readonly size: string }[] } }>
  >;
}

const namesOf = (names: readonly string[] | undefined, count: number): readonly string[] =>
  names ?? Array.from({ length: count }, (_, i) => `class ${i}`);

async function probabilities(
  picture: RawImage,
  { imageSize: size, cropFraction: fraction, resize: kernel }: Preprocessing,
  forward: (images: tf.Tensor4D) => tf.Tensor2D,
): Promise<Float32Array> {
  const box = centerCropBox({ kind: "center-crop", size, fraction, kernel }, picture.height, picture.width);
  const values = cropAndResizeHost(picture, box, size, kernel);
  const result = tf.tidy(() => {
    const images = tf.clipByValue(tf.tensor4d(values, [1, size, size, 3]), 0, 1);
    return tf.softmax(forward(images as tf.Tensor4D));
  });
  try {
    return (await result.data()) as Float32Array;
  } finally {
    result.dispose();
  }
}
