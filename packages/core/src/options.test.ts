import { describe, expect, it } from "vitest";
import { checkOptions } from "./options.js";

const DEFAULTS = { power: 2, mode: "hard", symmetric: true, range: [0, 1], limit: null };

describe("checkOptions", () => {
  it("takes options of the kinds that the defaults have, and anything where there is no default", () => {
    const given = { power: 1, mode: "soft", symmetric: false, range: [1, 2, 3], limit: "none" };
    expect(() => checkOptions('loss "x"', given, DEFAULTS)).not.toThrow();
    expect(() => checkOptions('loss "x"', { limit: 3, power: undefined }, DEFAULTS)).not.toThrow();
  });

  it.each([
    [{ power: "2" }, '`power` must be a finite number, as its default 2 is; received "2".'],
    [{ power: Number.NaN }, "`power` must be a finite number, as its default 2 is; received NaN."],
    [{ mode: 1 }, '`mode` must be a text, as its default "hard" is; received 1.'],
    [{ symmetric: "yes" }, '`symmetric` must be true or false, as its default true is; received "yes".'],
    [{ range: 1 }, "`range` must be a list, as its default [0,1] is; received 1."],
    [{ pwoer: 1 }, "unknown option `pwoer`; expected one of power, mode, symmetric, range, limit."],
  ])("refuses %j", (given, message) => {
    expect(() => checkOptions('loss "x"', given, DEFAULTS)).toThrow(`loss "x": ${message} Correct or remove it.`);
  });
});
