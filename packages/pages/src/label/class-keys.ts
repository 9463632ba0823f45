/** Keys of the page itself: undo, skip, new class. */
const OWN_KEYS = ["u", "s", "n"];
const DIGITS = "1234567890";

/**
 * The key that chooses each class: 1 to 9 and 0 for the first ten, then the first letter of the name that is free; undefined where
 * none is left.
 *
 * @param classes - Names, in their order.
 */
export function classKeys(classes: readonly string[]): readonly (string | undefined)[] {
  const taken = new Set(OWN_KEYS);
  return classes.map((name, i) => {
    if (i < DIGITS.length) return DIGITS[i];
    const key = [...name.toLowerCase()].find((letter) => /^[a-z]$/.test(letter) && !taken.has(letter));
    if (key !== undefined) taken.add(key);
    return key;
  });
}
