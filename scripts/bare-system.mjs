// A system with Node and nothing else: no compiler, no package manager, no library but those that Node itself needs.
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { output, run } from "./tools.mjs";

/**
 * Runs a program of a project in such a system.
 *
 * @param project - Folder with the program and its node_modules; copied.
 * @param program - Name of the program within.
 * @returns Its exit status; 1, with the reason on stderr, where this user may not change the root folder.
 */
export function runOnBareSystem(project, program) {
  const system = mkdtempSync(join(tmpdir(), "simclr-bare-"));
  try {
    const libraries = (output("ldd", [process.execPath]) ?? "").matchAll(/(\/\S+) \(0x/g);
    for (const file of [process.execPath, ...[...libraries].map(([, name]) => name)]) {
      mkdirSync(join(system, dirname(file)), { recursive: true });
      copyFileSync(file, join(system, file));
    }
    cpSync(project, join(system, "project"), { recursive: true, verbatimSymlinks: true });
    const change = ["chroot", system, process.execPath, `/project/${program}`];
    const [command, ...args] = process.getuid() === 0 ? change : ["unshare", "--map-root-user", ...change];
    return run(command, args, { cwd: "/", env: { HOME: "/", PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } });
  } finally {
    rmSync(system, { recursive: true });
  }
}
