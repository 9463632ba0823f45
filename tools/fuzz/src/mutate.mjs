// Damage to bytes, as disks, transfers and people with intent do it.

/** Numbers that lengths, counts and offsets go wrong with. */
const EDGES = [0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

/** Characters that texts go wrong with. */
const TEXTS = [
  "",
  "/",
  "..",
  "../../etc/passwd",
  "\0",
  "-1",
  "1e9",
  "NaN",
  '"',
  "\\",
  "{",
  "}",
  "[[[[",
  "é",
  "\ud800",
  "9".repeat(40),
];

const MUTATIONS = [
  function flipBit(bytes, random) {
    const at = random.integer(0, bytes.length);
    bytes[at] ^= 1 << random.integer(0, 8);
    return bytes;
  },
  function setByte(bytes, random) {
    bytes[random.integer(0, bytes.length)] = random.integer(0, 256);
    return bytes;
  },
  function setNumber(bytes, random) {
    const width = [1, 2, 4, 8][random.integer(0, 4)];
    if (bytes.length < width) return bytes;
    const at = random.integer(0, bytes.length - width + 1);
    const edge = random.bernoulli(0.3) ? bytes.length + random.integer(-2, 3) : EDGES[random.integer(0, EDGES.length)];
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const value = BigInt.asUintN(8 * width, BigInt(edge));
    for (let i = 0; i < width; i++) view[at + i] = Number((value >> BigInt(8 * i)) & 0xffn);
    if (random.bernoulli(0.3)) view.subarray(at, at + width).reverse();
    return bytes;
  },
  function setText(bytes, random) {
    const text = Buffer.from(TEXTS[random.integer(0, TEXTS.length)]);
    const at = random.integer(0, bytes.length);
    text.copy(bytes, at);
    return bytes;
  },
  function replaceDigits(bytes, random) {
    const at = bytes.findIndex((byte, i) => i >= random.integer(0, bytes.length) && byte >= 0x30 && byte <= 0x39);
    if (at < 0) return bytes;
    const digits = Buffer.from(["9", "999999999", "77777777777", "-1", "0", "4294967296"][random.integer(0, 6)]);
    return Buffer.concat([bytes.subarray(0, at), digits, bytes.subarray(at + 1)]);
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random.integer(0, bytes.length));
  },
  function remove(bytes, random) {
    const [start, end] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  function repeat(bytes, random) {
    const [start, end] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
  },
  function insert(bytes, random) {
    const at = random.integer(0, bytes.length + 1);
    const noise = Buffer.from(Array.from({ length: random.integer(1, 65) }, () => random.integer(0, 256)));
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
  },
  function copyWithin(bytes, random) {
    const [start, end] = range(bytes, random);
    return bytes.copyWithin(random.integer(0, bytes.length), start, end);
  },
  function fill(bytes, random) {
    const [start, end] = range(bytes, random);
    return bytes.fill([0, 0xff, 0x20][random.integer(0, 3)], start, end);
  },
];

/** A damaged copy of some bytes: one to four mutations. */
export function mutate(original, random) {
  let bytes = Buffer.from(original);
  const count = random.integer(1, 5);
  for (let i = 0; i < count && bytes.length > 0; i++)
    bytes = Buffer.from(MUTATIONS[random.integer(0, MUTATIONS.length)](bytes, random));
  return bytes;
}

/** A part of some bytes, mostly short. */
function range(bytes, random) {
  const start = random.integer(0, bytes.length);
  const longest = bytes.length - start;
  const length = random.bernoulli(0.7) ? Math.min(longest, random.integer(1, 65)) : random.integer(1, longest + 1);
  return [start, start + length];
}

/** One of a list. */
export function pick(list, random) {
  return list[random.integer(0, list.length)];
}
