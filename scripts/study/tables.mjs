/**
 * The tables of the study: a sweep each, and what of it is shown. `columns` picks rows of the sweep's summary by their method and
 * labels; a table of probes shows depths instead. `images` are CIFAR-10 where nothing is said.
 */
export const TABLES = [
  { number: 0, sweep: "cifar10-small", title: "The small recipe" },
  { number: 1, sweep: "size", title: "Does size help more with fewer labels?", only: /fine-tuned|supervised|linear/ },
  { number: 2, sweep: "head", title: "Head and fine-tuning layer", only: /fine-tuned/ },
  { number: 3, sweep: "student", title: "What does a student learn from?", only: /supervised|fine-tuned|distilled/ },
  { number: 4, sweep: "augmentation", title: "Which views?", only: /kNN|linear|fine-tuned/ },
  { number: 5, sweep: "methods", title: "Pretraining methods", only: /kNN|linear|fine-tuned/ },
  { number: 6, sweep: "depth", title: "What does each depth know?", probes: true },
  {
    number: 7,
    sweep: "transfer",
    images: "SIGNS",
    title: "An encoder from other images",
    only: /kNN|linear|fine-tuned|supervised/,
  },
  { number: 8, sweep: "label-next", title: "Which images to label?", only: /kNN|linear|fine-tuned/ },
  { number: 9, sweep: "cifar10-medium", title: "All images" },
  { number: 10, sweep: "signs-few-labels", images: "SIGNS", title: "Five labels a class" },
];

/** "100 labels" from how a run words it, "100 (10 a class)": the labels of one budget are one column, whichever images they are. */
export const shortLabels = (labels) => `${labels.replace(/ \(.*\)$/, "")} labels`;
