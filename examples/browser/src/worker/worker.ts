import "@simclr/ops/register"; // gradients
import { accuracy, extractFeatures, predictions } from "@simclr/evaluate";
import type { ClassifierNetwork } from "@simclr/models";
import type * as tf from "@tensorflow/tfjs-core";
import type { Answer, Pictures, Request } from "../messages.js";
import { chooseBackend } from "./backend.js";
import { imageTensors } from "./batches.js";
import { loadClassifier, type PictureClassifier, studentClassifier } from "./classifier.js";
import { runExperiment } from "./experiment.js";
import { decodePicture, drawnFile, drawnPictures, ownPictures } from "./pictures.js";

/** Drawn pictures that are kept for tests, at most. */
const TEST_COUNT = 500;

let classifier: PictureClassifier | undefined;
let stopper = new AbortController();
let drawings = 0;

const tell = (answer: Answer): void => postMessage(answer);

async function train({ settings, pictures: own }: Extract<Request, { kind: "train" }>): Promise<void> {
  stopper = new AbortController();
  const { signal } = stopper;
  const began = performance.now();
  const backend = await chooseBackend(settings.backend);
  tell({ kind: "backend", ...backend });
  tell({ kind: "stage", text: own.length > 0 ? "reading pictures" : "drawing pictures" });
  const pictures =
    own.length > 0
      ? await ownPictures(own, settings.seed)
      : drawnPictures(settings.images, Math.min(TEST_COUNT, settings.images), settings.seed);
  const student = await runExperiment({ settings, pictures, signal, tell });
  if (student !== undefined) {
    const { classNames } = pictures.test;
    use(
      studentClassifier(student, settings.viewSize, classNames),
      await testAccuracy(student, settings.viewSize, pictures.test),
    );
  }
  tell({ kind: "done", seconds: (performance.now() - began) / 1000, stopped: signal.aborted });
}

function use(next: PictureClassifier, accuracy?: number): void {
  classifier?.dispose();
  classifier = next;
  const { origin, classNames } = next;
  const measured = accuracy === undefined ? {} : { accuracy };
  tell({ kind: "classifier", origin, classNames, ...measured, canSave: next.encode !== undefined });
}

async function testAccuracy(student: ClassifierNetwork, viewSize: number, test: Pictures): Promise<number> {
  const forward = (images: tf.Tensor4D) => student.forward(images, { training: false });
  const { features: logits } = await extractFeatures({ forward, batches: imageTensors(test, viewSize, 100) });
  return accuracy(predictions(logits, test.classNames.length), test.labels);
}

async function load({ backend, files }: Extract<Request, { kind: "load" }>): Promise<void> {
  tell({ kind: "backend", ...(await chooseBackend(backend)) });
  use(await loadClassifier(files));
}

async function classify(file: File): Promise<void> {
  if (classifier === undefined) throw new Error("there is no classifier yet. Train one, or load one.");
  const { classNames } = classifier;
  const probabilities = await classifier.classify(await decodePicture(file));
  const classes = classNames.map((name, i) => ({ name, probability: probabilities[i]! }));
  tell({ kind: "classified", name: file.name, classes: classes.sort((a, b) => b.probability - a.probability) });
}

async function save(): Promise<void> {
  const pieces = await classifier?.encode?.();
  if (pieces === undefined) throw new Error("there is no student of this page yet. Train one.");
  tell({
    kind: "saved",
    name: "student.safetensors",
    bytes: new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer()),
  });
}

async function handle(request: Request): Promise<void> {
  switch (request.kind) {
    case "train":
      return train(request);
    case "load":
      return load(request);
    case "classify":
      return classify(request.file);
    case "draw":
      return tell({ kind: "drawn", file: await drawnFile(1000 + drawings++) });
    case "save":
      return save();
    case "stop":
      return stopper.abort("you stopped it");
  }
}

addEventListener("message", ({ data: request }: MessageEvent<Request>) => {
  handle(request).catch((error: Error) => tell({ kind: "error", during: request.kind, message: error.message }));
});
