/** How the command ends; loaded at every start, so it needs nothing else. */
export const ExitCode = { Done: 0, Failed: 1, Usage: 2, Interrupted: 130 } as const;
