const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const significant = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });

/** A share in [0, 1] as per cent with one decimal, without the sign: 0.9123 is "91.2". */
export function formatPercent(share: number): string {
  return (100 * share).toFixed(1);
}

/** A difference of shares in percentage points, with its sign: "+23.1", "−0.4", "0.0". */
export function formatPoints(difference: number): string {
  const digits = Math.abs(100 * difference).toFixed(1);
  if (Number(digits) === 0) return digits;
  return `${difference < 0 ? "−" : "+"}${digits}`;
}

/** A whole number with thousands separated: "5,000". */
export function formatCount(count: number): string {
  return grouped.format(count);
}

/** Any finite number with about four significant digits; large and whole ones keep all their digits. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e12 || (size < 1e-4 && size > 0)) return value.toExponential(2).replaceAll("-", "−");
  const text = size >= 1000 || Number.isInteger(value) ? grouped.format(value) : significant.format(value);
  return text.replace("-", "−");
}

/** Any finite number in at most eight or so characters, for figures: "12,500", "1.25M", "2.5e−7". */
export function formatShort(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15) return value.toExponential(1).replace("e+", "e").replace("-", "−");
  if (size >= 1e5) return compact.format(value).replace("-", "−");
  return size < 1e-3 && size > 0 ? value.toExponential(1).replaceAll("-", "−") : formatNumber(value);
}

/** An ISO time as "2025-03-01 14:05 UTC". */
export function formatTime(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `text`, or its beginning and an ellipsis where it is longer than `length` characters. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}
