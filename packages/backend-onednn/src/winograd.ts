import { loadBinding } from "./loader.js";

/**
 * Whether 3x3 convolutions of stride 1 may use Winograd's minimal filtering F(4x4, 3x3), for all oneDNN
 * backends of this process; on by default. It halves their time and differs from direct summation by about 1e-5 of
 * the largest value, and an infinity or NaN gives NaN in all of its tile. Sizes and processors that it does not suit are
 * always summed directly.
 * @see Lavin and Gray 2015, arXiv:1509.09308
 */
export function setWinograd(enabled: boolean): void {
  loadBinding().kernels.EnableWinograd?.(enabled);
}
