/** A share in [0, 1], for people: "34.4 %". */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
