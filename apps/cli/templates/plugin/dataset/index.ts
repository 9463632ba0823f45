import { definePlugin } from "@simclr/core";
import { defineDataset } from "@simclr/data";

const CLASSES = ["fine", "coarse"];

/** Drawn checkerboards of two sizes. Put your own source in its place: a database, a camera, a file format. */
export const dataset = defineDataset({
  name: "my-part", // as a configuration spells it
  // Every option with its default, as plain data. Paths would be relative to the `folder` that `open` is given.
  options: { count: 100, side: 16 },
  checkOptions: ({ count, side }) => {
    for (const [name, value] of Object.entries({ count, side }))
      if (!(Number.isInteger(value) && value >= 2))
        throw new RangeError(`my-part: \`${name}\` must be an integer >= 2; received ${value}.`);
  },
  open: ({ count, side }, { split, channels }) =>
    defineDataset({
      name: `my-part (${split})`,
      size: count,
      classNames: CLASSES,
      labels: Array.from({ length: count }, (_, i) => i % CLASSES.length), // -1 where a label is not known
      // uint8 [side, side, channels], row-major; called in any order, and several times at once.
      read: (i) => {
        const square = i % CLASSES.length === 0 ? 2 : 4;
        const shift = Math.floor(i / CLASSES.length) + (split === "train" ? 0 : 1);
        const data = new Uint8Array(side * side * channels).map((_, at) => {
          const pixel = Math.floor(at / channels);
          const [row, column] = [Math.floor(pixel / side), pixel % side];
          return (Math.floor(row / square) + Math.floor((column + shift) / square)) % 2 === 0 ? 40 : 215;
        });
        return { data, height: side, width: side, channels };
      },
    }),
});

export const plugin = definePlugin({ name: "simclr-plugin-my-part", apiVersion: 1, datasets: [dataset] });
