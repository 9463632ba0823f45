import { expect, it } from "vitest";
import { encodeTfRecord } from "./tf-record.js";

it("frames the record that TensorFlow's TFRecordWriter frames", () => {
  // tf.io.TFRecordWriter("f").write(b"simclr"), TensorFlow 2.21, as hex.
  const record = encodeTfRecord(new TextEncoder().encode("simclr"));
  expect(Buffer.from(record).toString("hex")).toBe("06000000000000007369d53773696d636c72afa0da56");
});
