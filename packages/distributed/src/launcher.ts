/** What started this process as one of several, as its environment tells. */
export interface Launcher {
  readonly name: "Open MPI" | "MPICH" | "Slurm with PMIx";
  /** Ranks that it started, >= 1. */
  readonly size: number;
  /** Name of the variable that says so. */
  readonly variable: string;
}

const VARIABLES: readonly (readonly [Launcher["name"], string])[] = [
  ["Open MPI", "OMPI_COMM_WORLD_SIZE"],
  ["MPICH", "PMI_SIZE"],
];

/** The launcher that started this process; undefined for a process started by hand. */
export function launcherOf(environment: NodeJS.ProcessEnv = process.env): Launcher | undefined {
  for (const [name, variable] of VARIABLES) {
    const size = Number(environment[variable]);
    if (Number.isInteger(size) && size >= 1) return { name, size, variable };
  }
  const tasks = Number(environment.SLURM_NTASKS);
  if (environment.PMIX_RANK !== undefined && Number.isInteger(tasks) && tasks >= 1)
    return { name: "Slurm with PMIx", size: tasks, variable: "SLURM_NTASKS" };
  return undefined;
}

/** Variables by which a child process would take itself for a rank. Leave them out when starting one. */
export function withoutLauncher(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(OMPI|PMIX|PMI|HYDI?)_/.test(name)));
}
