import { UNLABELLED } from "@simclr/core";
import { labelSubset } from "@simclr/data";
import { embeddingMap, nearestNeighbours } from "@simclr/evaluate";
import type { RunState } from "../run/run-state.js";
import { type Features, labelledRows, measureKnn } from "../stages/measure.js";

/** Test images on the map at most. */
const MAP_IMAGES = 300;
/** Test images whose neighbours are shown, and neighbours of each. */
const QUERIES = 8;
const NEIGHBOURS = 6;
/** Labels in each class with which kNN is measured, as far as there are so many. */
const PER_CLASS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** What the pretrained encoder makes of the images, for the report; plain JSON. */
export interface Survey {
  /** Of some test images: their indices, and places in [0, 1]. */
  readonly map: readonly { readonly index: number; readonly x: number; readonly y: number }[];
  /** Test images, and the training images that are most like them, the nearest first. */
  readonly neighbours: readonly {
    readonly index: number;
    readonly nearest: readonly { readonly index: number; readonly similarity: number }[];
  }[];
  /** kNN with few labels. */
  readonly fewLabels: readonly { readonly labelCount: number; readonly top1: number }[];
}

/** @param train - Features of all training images; `test` of all test images. */
export async function surveyRepresentation(state: RunState, train: Features, test: Features): Promise<Survey> {
  const random = state.random.fork("survey");
  const order = [...random.fork("map").permutation(test.labels.length)];
  const shown = order.slice(0, MAP_IMAGES);
  const { dimension } = test;
  const places = await embeddingMap({ features: rowsOf(test, shown), dimension, random });
  const queries = onePerClass(order, test.labels).slice(0, QUERIES);
  const found = await nearestNeighbours({
    queries: rowsOf(test, queries),
    features: train.values,
    dimension,
    k: NEIGHBOURS,
  });
  return {
    map: shown.map((index, i) => ({ index, x: rounded(places[2 * i]!), y: rounded(places[2 * i + 1]!) })),
    neighbours: queries.map((index, q) => ({
      index,
      nearest: Array.from({ length: found.k }, (_, n) => ({
        index: found.indices[q * found.k + n]!,
        similarity: rounded(found.similarities[q * found.k + n]!),
      })),
    })),
    fewLabels: await withFewLabels(state, train, test),
  };
}

/** Images of different classes first. */
function onePerClass(order: readonly number[], labels: ArrayLike<number>): number[] {
  const seen = new Map<number, number>();
  const turns = order.map((index) => {
    const turn = seen.get(labels[index]!) ?? 0;
    seen.set(labels[index]!, turn + 1);
    return { index, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ index }) => index);
}

/** kNN with 1, 2, 5, … labels a class, below what the training images have. */
async function withFewLabels({ images, config, random }: RunState, train: Features, test: Features) {
  const { train: dataset, classNames } = images;
  const counts = classNames.map((_, k) => dataset.labels.filter((label) => label === k).length);
  const [fewest, known] = [Math.min(...counts), dataset.labels.filter((label) => label !== UNLABELLED).length];
  const found: { labelCount: number; top1: number }[] = [];
  for (const perClass of PER_CLASS.filter((count) => count <= fewest && count * classNames.length < known)) {
    const { labels } = labelSubset(dataset, { perClass, random: random.fork("few labels") });
    const { top1 } = await measureKnn(labelledRows(train, labels), test, classNames.length, config);
    found.push({ labelCount: perClass * classNames.length, top1 });
  }
  return found;
}

function rowsOf({ values, dimension }: Features, rows: readonly number[]): Float32Array {
  const picked = new Float32Array(rows.length * dimension);
  for (const [to, from] of rows.entries())
    picked.set(values.subarray(from * dimension, (from + 1) * dimension), to * dimension);
  return picked;
}

/** To what a figure can show. */
const rounded = (value: number): number => Math.round(1e4 * value) / 1e4;
