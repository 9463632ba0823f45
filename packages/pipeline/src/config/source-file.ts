import { ConfigError } from "@simclr/core";
import { type Document, LineCounter, parseDocument } from "yaml";

/** A place in a text, from 1. */
interface TextPosition {
  readonly line: number;
  readonly col: number;
}

/** A YAML file, and where in it each key is. */
export class SourceFile {
  readonly file: string;
  readonly document: Document;
  readonly #lines = new LineCounter();

  /** @throws ConfigError with `file:line:column` if the text is not YAML. */
  constructor(text: string, file: string) {
    this.file = file;
    this.document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const [syntax] = this.document.errors;
    if (syntax === undefined) return;
    const { line, col } = this.#lines.linePos(syntax.pos[0]);
    throw new ConfigError(
      `${file}:${line}:${col}: this is not YAML: ${syntax.message}. Correct it there, or above: brackets, quotes and indentation.`,
      { subject: file, cause: syntax },
    );
  }

  /** `file:line:column` of a key, else of the nearest block around it. */
  place(path: readonly PropertyKey[], key?: string): string {
    const { line, col } = this.#position(path, key);
    return `${this.file}:${line}:${col}`;
  }

  #position(path: readonly PropertyKey[], key?: string): TextPosition {
    for (let length = path.length; length >= 0; length--) {
      const node = this.document.getIn(path.slice(0, length) as unknown[], true) as
        | {
            range?: [number, number, number];
            items?: { key?: { value?: unknown; range?: [number, number, number] } }[];
          }
        | undefined;
      const inside = key === undefined ? undefined : node?.items?.find((item) => item.key?.value === key)?.key;
      const range = inside?.range ?? node?.range;
      if (range) return this.#lines.linePos(range[0]);
    }
    return { line: 1, col: 1 };
  }
}
