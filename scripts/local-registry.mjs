// A registry on localhost that lives as long as its folder: our packages are published to it, everything else comes from the
// registry that npm is set to.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { output, run } from "./tools.mjs";

const START_MS = 60_000;

/**
 * @param {string} folder - For the registry and what it holds; empty.
 * @returns {Promise<{ url: string, publish(file: string): void, close(): void }>}
 */
export async function localRegistry(folder) {
  mkdirSync(folder, { recursive: true });
  // Later versions need Node.js 22. One of its dependencies is asked for by a tag, which mirrors may lack.
  const manifest = { private: true, dependencies: { verdaccio: "~6.8.0" }, overrides: { "node-fetch": "2.7.0" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const install = ["install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  if (run("npm", install, { cwd: folder }) !== 0) throw new Error("cannot install verdaccio");
  const port = await freePort();
  const url = `http://localhost:${port}/`;
  writeFileSync(
    join(folder, "config.yaml"),
    `storage: ./storage
uplinks: { upstream: { url: "${output("npm", ["config", "get", "registry"])}", timeout: 120s, maxage: 60m } }
packages:
  "@simclr/*": { access: $all, publish: $all }
  "**": { access: $all, proxy: upstream }
max_body_size: 200mb
log: { type: file, path: ./log, level: warn }
`,
  );
  const server = spawn(
    process.execPath,
    [
      join(folder, "node_modules/verdaccio/bin/verdaccio"),
      ...["--config", join(folder, "config.yaml"), "--listen", `localhost:${port}`],
    ],
    { cwd: folder },
  );
  let said = "";
  server.stderr.on("data", (text) => {
    said += text;
  });
  const npmrc = join(folder, ".npmrc");
  writeFileSync(npmrc, `${url.replace("http:", "")}:_authToken=nobody\n`); // npm asks for one, this registry for none
  for (const start = Date.now(); ; ) {
    const answer = await fetch(`${url}-/ping`).catch(() => undefined);
    if (answer?.ok) break;
    if (server.exitCode !== null || Date.now() - start > START_MS)
      throw new Error(`the registry does not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    url,
    publish(file) {
      const args = [
        "publish",
        file,
        "--registry",
        url,
        "--userconfig",
        npmrc,
        "--access",
        "public",
        "--loglevel=error",
      ];
      if (run("npm", args, { stdio: ["ignore", "ignore", "inherit"] }) !== 0) throw new Error(`cannot publish ${file}`);
    },
    close: () => server.kill(),
  };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "localhost", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
