import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import { fixtures, put } from "../files.mjs";
import { mutate, pick } from "../mutate.mjs";
import { readSome } from "../read-some.mjs";

/** Arrays alone and in archives: the file's kind goes with it. */
export const npz = {
  name: "npz",
  prepare: () => ({ seeds: Object.entries(fixtures("arrays")) }),
  make({ seeds }, random, repaired) {
    const archives = random.bernoulli(0.6);
    const [name, original] = pick(
      seeds.filter((seed) => seed[0].endsWith(".npz") === archives),
      random,
    );
    const kind = name.slice(-4);
    const bytes = kind === ".npz" && repaired ? mutateMembers(original, random) : mutate(original, random);
    return Object.assign(bytes, { kind });
  },
  run: (bytes, folder) => readSome(put(folder, `case${bytes.kind}`, bytes), { range: [-1e9, 1e9] }),
};

/** Damages arrays inside of an archive, and writes the archive around them with the checksums and sizes that fit. */
function mutateMembers(original, random) {
  const members = readMembers(original);
  const damaged = random.integer(0, members.length);
  members[damaged].bytes = mutate(members[damaged].bytes, random);
  return writeZip(members);
}

/** What an archive holds, by its central directory. */
function readMembers(zip) {
  const members = [];
  let at = zip.readUInt32LE(zip.length - 6); // of the end record, which has no comment
  while (zip.readUInt32LE(at) === 0x02014b50) {
    const [method, packed] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const [nameLength, extra, comment] = [
      zip.readUInt16LE(at + 28),
      zip.readUInt16LE(at + 30),
      zip.readUInt16LE(at + 32),
    ];
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const content = zip.subarray(start, start + packed);
    const name = zip.toString("latin1", at + 46, at + 46 + nameLength);
    members.push({ name, method, bytes: method === 8 ? inflateRawSync(content) : content });
    at += 46 + nameLength + extra + comment;
  }
  return members;
}

function writeZip(members) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { name, method, bytes } of members) {
    const content = method === 8 ? deflateRawSync(bytes) : bytes;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50);
    central.writeUInt16LE(20, 4);
    common.copy(central, 6);
    central.writeUInt32LE(offset, 42);
    directory.push(central, Buffer.from(name, "latin1"));
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name, "latin1"), content]);
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}
