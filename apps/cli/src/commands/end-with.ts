/** Sets the exit status of a command that did its work, and has to tell more than that. */
export type EndWith = (code: number) => void;
