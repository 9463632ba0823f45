const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text that is HTML already; only `html` and `trusted` make it, so that plain strings are always escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: text is escaped, markup is kept, lists are joined, `undefined` and `false` leave nothing. */
export type Part = Markup | string | number | false | undefined | readonly Part[];

/** Escapes text for HTML content and quoted attributes; NUL, which HTML cannot hold, becomes U+FFFD. */
export function escapeHtml(text: string): string {
  return text.replaceAll("\0", "\uFFFD").replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Builds markup from a template; every interpolated value that is not markup is escaped. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.reduce((text, string, i) => text + render(parts[i - 1]) + string));
}

/** Declares that `text` is well-formed HTML from this package, such as a drawn figure or the style sheet. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function render(part: Part): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "object") return part.map(render).join("");
  return escapeHtml(String(part));
}
