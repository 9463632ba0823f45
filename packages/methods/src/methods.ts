import { barlowTwins } from "./barlow-twins.js";
import { byol } from "./byol.js";
import { dcl } from "./dcl.js";
import type { Method } from "./define-method.js";
import { mocoV2 } from "./moco-v2.js";
import { simclr } from "./sim-clr.js";
import { simclrV2 } from "./sim-clr-v2.js";
import { simSiam } from "./sim-siam.js";
import { swav } from "./swav.js";
import { vicReg } from "./vic-reg.js";

/** Every built-in method by its name. Importing this table imports all of them. */
export const methods = {
  simclr,
  "simclr-v2": simclrV2,
  "moco-v2": mocoV2,
  byol,
  simsiam: simSiam,
  swav,
  "barlow-twins": barlowTwins,
  vicreg: vicReg,
  dcl,
} as const satisfies Record<string, Method>;

/** The names of the built-in methods. */
export type MethodName = keyof typeof methods;
