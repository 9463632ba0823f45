import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "@simclr/pipeline";
import { afterAll, describe, expect, it } from "vitest";
import { PLUGIN_KINDS } from "./plugin-kinds.js";
import { pluginFiles } from "./plugin-template.js";
import { spawnSimclr } from "./testing.js";

const folder = mkdtempSync(join(tmpdir(), "simclr-plugin-new-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the template of plugins", () => {
  it.each(PLUGIN_KINDS)(
    "names the part, declares what it imports, and comes with a valid configuration: %s",
    async (kind) => {
      const files = await pluginFiles(kind, "soft-focus");
      expect(Object.values(files).join("\n")).not.toMatch(/my-?part/i);
      const source = files["src/index.ts"]!;
      expect(source).toContain(kind === "augmentation" ? 'name: "softFocus"' : 'name: "soft-focus"');
      const { peerDependencies, devDependencies } = JSON.parse(files["package.json"]!);
      const packagesIn = (text: string) =>
        new Set([...text.matchAll(/(?:from|import) "((?:@[^/"]+\/)?[^/"]+)[^"]*"/g)].map(([, name]) => name!));
      const outside = (names: Set<string>) =>
        [...names].filter((name) => !name.startsWith(".") && !name.startsWith("node:"));
      expect(Object.keys(peerDependencies)).toEqual(expect.arrayContaining(outside(packagesIn(source))));
      const test = packagesIn(files["test/soft-focus.test.mjs"]!);
      const declared = Object.keys({ ...peerDependencies, ...devDependencies });
      expect(declared).toEqual(expect.arrayContaining(outside(test)));
      const config = parseConfig(files["config.yaml"]!, join(folder, "config.yaml"));
      expect(config.plugins).toEqual([join(folder, "src/index.ts")]);
      expect(JSON.stringify(config)).toContain(kind === "augmentation" ? "softFocus" : "soft-focus");
      const [, lines] = /```yaml\n(.*?)```/s.exec(files["README.md"]!)!;
      expect(lines).toContain("plugins: [simclr-plugin-soft-focus]");
    },
  );
});

describe("simclr plugin new", () => {
  it("writes the files of a package, and says what to do next", async () => {
    const { status, stdout, stderr } = await spawnSimclr(["plugin", "new", "hook", "slow-down"], { cwd: folder });
    expect(status).toBe(0);
    expect(readdirSync(join(folder, "simclr-plugin-slow-down")).sort()).toEqual(
      [".gitignore", "README.md", "config.yaml", "package.json", "src", "test", "tsconfig.json"].sort(),
    );
    expect(stdout).toContain("  test/slow-down.test.mjs\n");
    expect(stderr).toContain("npx simclr run config.yaml");
    const { name } = JSON.parse(readFileSync(join(folder, "simclr-plugin-slow-down/package.json"), "utf8"));
    expect(name).toBe("simclr-plugin-slow-down");
  });

  it.each([
    ["a kind that there is not", ["augmentations", "x"], "Allowed choices are augmentation, loss, hook"],
    ["a name that no package can have", ["loss", "Soft_Triplet"], 'such as soft-triplet; received "Soft_Triplet".'],
    [
      "a folder with files",
      ["loss", "x", "-o", "taken"],
      "the folder taken holds files already, and none is overwritten.",
    ],
    ["a file in its way", ["loss", "x", "-o", "taken/file"], "cannot make the folder taken/file:"],
  ])("refuses %s", async (_, args, message) => {
    mkdirSync(join(folder, "taken"), { recursive: true });
    writeFileSync(join(folder, "taken/file"), "");
    const { status, stderr } = await spawnSimclr(["plugin", "new", ...args], { cwd: folder });
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});
