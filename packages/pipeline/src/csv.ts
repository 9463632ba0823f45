/** Rows as RFC 4180 has them, each ended by a newline; space at the ends of a field is kept by quotes. */
export const csv = (rows: readonly (readonly string[])[]): string =>
  rows.map((fields) => `${fields.map(quoted).join(",")}\n`).join("");

const quoted = (field: string): string => (/[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
