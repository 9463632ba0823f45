/** Where a run speaks; the pipeline itself never prints. */
export interface PipelineEvents {
  /** A line of news: a stage begins, an image was skipped, a checkpoint was found. */
  readonly line: (text: string) => void;
  /** The progress line; text may hold a carriage return where `isTerminal`. */
  readonly progress: {
    readonly write: (text: string) => void;
    readonly isTerminal: boolean;
    /** How wide the terminal is now, in characters. @defaultValue 80 */
    readonly columns?: () => number;
  };
}

export const silent: PipelineEvents = { line: () => {}, progress: { write: () => {}, isTerminal: false } };
