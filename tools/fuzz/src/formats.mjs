import { binaries } from "./formats/binaries.mjs";
import { npz } from "./formats/npz.mjs";
import { parquet } from "./formats/parquet.mjs";
import { safetensors } from "./formats/safetensors.mjs";
import { tar } from "./formats/tar.mjs";

/** What can be damaged; every second case of each has its checksums and lengths repaired. */
export const formats = { tar, parquet, npz, binaries, safetensors };
