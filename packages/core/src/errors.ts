/** Marks every error of this project, so that two copies of a package recognise each other's errors. */
const MARK = Symbol.for("simclr.error");

/** What kind of thing went wrong; programs branch on it, people read the message. */
export type SimclrErrorCode = "invalid-argument" | "data" | "config" | "checkpoint" | "backend" | "training";

export interface SimclrErrorOptions {
  /** The argument, key, file or tensor at fault. */
  readonly subject?: string;
  /** What would have been right. */
  readonly expected?: string;
  /** What was there instead. */
  readonly received?: string;
  readonly cause?: unknown;
}

/** An error that says what was wrong, what was expected and how to fix it. */
export class SimclrError extends Error {
  readonly code: SimclrErrorCode;
  readonly subject: string | undefined;
  readonly expected: string | undefined;
  readonly received: string | undefined;

  constructor(code: SimclrErrorCode, message: string, options: SimclrErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.subject = options.subject;
    this.expected = options.expected;
    this.received = options.received;
    Object.defineProperty(this, MARK, { value: true });
  }
}

/** A function was called with an argument that it cannot take. */
export class InvalidArgumentError extends SimclrError {
  constructor(message: string, options?: SimclrErrorOptions) {
    super("invalid-argument", message, options);
  }
}

/** A data set, an archive or an image cannot be read; `subject` names the file or the member. */
export class DataError extends SimclrError {
  constructor(message: string, options?: SimclrErrorOptions) {
    super("data", message, options);
  }
}

/** A configuration file or a command-line option is wrong; the message starts with `file:line:column` where known. */
export class ConfigError extends SimclrError {
  constructor(message: string, options?: SimclrErrorOptions) {
    super("config", message, options);
  }
}

/** A checkpoint is damaged, or belongs to something else. */
export class CheckpointError extends SimclrError {
  constructor(message: string, options?: SimclrErrorOptions) {
    super("checkpoint", message, options);
  }
}

/** A backend cannot be loaded, or computes wrong numbers. */
export class BackendError extends SimclrError {
  constructor(message: string, options?: SimclrErrorOptions) {
    super("backend", message, options);
  }
}

/** Training cannot go on: a loss that is not finite, a hook that failed. */
export class TrainingError extends SimclrError {
  constructor(message: string, options?: SimclrErrorOptions) {
    super("training", message, options);
  }
}

/** Whether `error` comes from this project, even from another copy of it. */
export function isSimclrError(error: unknown): error is SimclrError {
  return typeof error === "object" && error !== null && (error as Record<symbol, unknown>)[MARK] === true;
}
