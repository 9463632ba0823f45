import { execFileSync, spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { spawnSimclr } from "./testing.js";

describe("simclr completion", () => {
  it("completes commands, commands below commands, options and files, in a real bash", async () => {
    const { stdout: script, status } = await spawnSimclr(["completion", "bash"], { cwd: tmpdir() });
    expect(status).toBe(0);
    const complete = (...words: string[]): string[] => {
      const typed = words.map((word) => `'${word}'`).join(" ");
      const run = `${script}\nCOMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _simclr; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync("bash", ["-c", run], { encoding: "utf8" }).trim().split("\n");
    };
    expect(complete("simclr", "ru")).toEqual(["run"]);
    expect(complete("simclr", "config", "")).toEqual(["validate", "explain", "schema"]);
    expect(complete("simclr", "config", "validate", "--se")).toEqual(["--set"]);
    expect(complete("simclr", "predict", "/et")).toEqual(["/etc"]);
    expect(complete("simclr", "run", "--js")).toEqual(["--json"]);
  });

  it("gives zsh the same, and fish its own; another shell is refused with the list", async () => {
    const [bash, zsh, fish, other] = await Promise.all(
      ["bash", "zsh", "fish", "tcsh"].map((shell) => spawnSimclr(["completion", shell], { cwd: tmpdir() })),
    );
    expect(zsh!.stdout).toBe(`autoload -U +X bashcompinit && bashcompinit\n${bash!.stdout}`);
    expect(spawnSync("bash", ["-n"], { input: bash!.stdout }).status).toBe(0);
    expect(fish!.stdout).toMatch(/^complete -c simclr -f -n '__fish_use_subcommand' -a run -d '/m);
    expect(fish!.stdout).toMatch(/^complete -c simclr -n '__fish_seen_subcommand_from run' -l set /m);
    expect(other!.stderr).toContain("Allowed choices are bash, zsh, fish.");
    expect(other!.status).toBe(2);
  });
});
