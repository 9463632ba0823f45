// Loaded before everything else (node --import), in threads too: refuses what no small file may allocate.

/** Parquet's columns may unpack to 64 MiB whatever they were packed from; nothing may ask for more than twice that. */
const LIMIT = 128 << 20;

/** The message of a refusal starts so. */
export const REFUSED = "fuzz: refused to allocate";

/** Bytes of the largest piece that was asked for in this thread. */
export const largest = { bytes: 0 };

const NAMES = [
  "ArrayBuffer",
  "SharedArrayBuffer",
  "Uint8Array",
  "Int32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
];

function note(bytes) {
  if (bytes > largest.bytes) largest.bytes = bytes;
  if (bytes > LIMIT) throw new Error(`${REFUSED} ${bytes} bytes`);
}

for (const name of NAMES) {
  const original = globalThis[name];
  const width = original.BYTES_PER_ELEMENT ?? 1;
  globalThis[name] = new Proxy(original, {
    construct(target, args, newTarget) {
      if (typeof args[0] === "number") note(width * args[0]);
      return Reflect.construct(target, args, newTarget === globalThis[name] ? target : newTarget);
    },
  });
}
// Programs compare constructors.
for (const name of NAMES) globalThis[name].prototype.constructor = globalThis[name];
for (const name of ["alloc", "allocUnsafe", "allocUnsafeSlow"]) {
  const original = Buffer[name];
  Buffer[name] = (size, ...rest) => {
    note(size);
    return original.call(Buffer, size, ...rest);
  };
}
