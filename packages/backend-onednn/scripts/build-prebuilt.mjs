// Makes the package with the prebuilt addon for this platform, in build/prebuilt/<platform>: the addon, the libraries
// beyond a bare system that it needs, their licences, and what it asks of the system. It finds its libraries beside
// itself, whatever the system has. For Debian, whose packages know the licences.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** What the package carries, and what every system that runs Node has. */
const CARRIED = /^lib(dnnl|OpenCL|gomp)\.so/;
const SYSTEM = /^(lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+)\.so|ld-linux|linux-vdso)/;

const output = (command, ...args) => execFileSync(command, args, { encoding: "utf8", maxBuffer: 2 ** 28 });

function fail(message) {
  console.error(`build:prebuilt: ${message}`);
  process.exit(1);
}

/** Shared libraries that a file needs, itself and through others: [name, file]. */
function librariesOf(file) {
  const lines = output("ldd", file).trim().split("\n");
  return lines.map((line) => /^\s*(\S+)(?: => (\S+))?/.exec(line).slice(1));
}

/** The newest symbol version with this prefix that any of the files needs: "2.34" of GLIBC. */
function newest(prefix, files) {
  const pattern = new RegExp(`\\*UND\\*.*\\b${prefix}_([\\d.]+)`, "g");
  const versions = files.flatMap((file) => [...output("objdump", "-T", file).matchAll(pattern)].map(([, v]) => v));
  return versions.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
}

/** The Debian package that a library is from; copies its licence, and the licence texts that this one refers to. */
function takeLicence(file, folder) {
  const real = realpathSync(file);
  const name = output("dpkg", "-S", real).split(":")[0];
  const format = "$" + "{Version}\\t$" + "{source:Package}\\t$" + "{source:Version}";
  const [version, source, sourceVersion] = output("dpkg-query", "-W", `-f=${format}`, name).split("\t");
  const text = readFileSync(`/usr/share/doc/${name}/copyright`, "utf8");
  writeFileSync(join(folder, `${name}.txt`), text);
  for (const [, common] of text.matchAll(/\/usr\/share\/common-licenses\/([\w.+-]*\w)/g)) {
    const original = `/usr/share/common-licenses/${common}`;
    if (existsSync(original)) copyFileSync(original, join(folder, `${common}.txt`));
  }
  return { name, version, source, sourceVersion };
}

if (process.platform !== "linux" || !existsSync("/usr/bin/dpkg-query"))
  fail(`makes packages on Debian only; this is ${process.platform}. Run it on Debian for linux-x64 and linux-arm64.`);

const buildEnv = { ...process.env, SIMCLR_NATIVE: "required" };
execFileSync(process.execPath, [join(root, "scripts/build-native.mjs")], { stdio: "inherit", env: buildEnv });

const platform = `${process.platform}-${process.arch}-gnu`;
const folder = join(root, "build", "prebuilt", platform);
const licences = join(folder, "licences");
rmSync(folder, { recursive: true, force: true });
mkdirSync(licences, { recursive: true });
const addon = join(folder, "simclr_onednn.node");
copyFileSync(join(root, "build", "simclr_onednn.node"), addon);
output("strip", "--strip-unneeded", addon);

const carried = [];
for (const [name, file] of librariesOf(addon)) {
  if (CARRIED.test(name)) {
    if (!file?.startsWith("/")) fail(`${name} is not on this system`);
    copyFileSync(file, join(folder, name));
    carried.push({ library: name, ...takeLicence(file, licences) });
  } else if (!SYSTEM.test(name.split("/").at(-1))) {
    fail(`the addon needs ${name}, which a bare system lacks: let the package carry it, with its licence`);
  }
}
for (const wanted of ["libdnnl", "libgomp"])
  if (!carried.some(({ library }) => library.startsWith(wanted))) fail(`the addon does not use ${wanted}`);

const files = [addon, ...carried.map(({ library }) => join(folder, library))];
const requirements = { glibc: newest("GLIBC", files), libstdcxx: newest("GLIBCXX", files) };
const main = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
copyFileSync(join(root, "..", "..", "LICENSE"), join(folder, "LICENSE"));

const sources = carried.map(
  ({ library, name, version, source, sourceVersion }) =>
    `| ${library} | ${name} ${version} | https://snapshot.debian.org/package/${source}/${sourceVersion}/ | licences/${name}.txt |`,
);
writeFileSync(
  join(folder, "README.md"),
  `# ${main.name}-${platform}

The addon of [${main.name}](https://www.npmjs.com/package/${main.name}) for Linux on ${process.arch}, with the
libraries it needs. That package installs and loads it; nothing here is for use on its own.

Needs glibc ${requirements.glibc} and a libstdc++ with GLIBCXX_${requirements.libstdcxx} or newer, and nothing else${process.arch === "x64" ? " but a processor with SSE4.1" : ""}.
The best instruction set of the processor is chosen at run time.

The libraries are Debian's, unchanged:

| file | Debian package | source | licence |
| --- | --- | --- | --- |
${sources.join("\n")}

libgomp is GPL-3.0-or-later with the GCC Runtime Library Exception. The licences they refer to are beside them.
`,
);
const manifest = {
  name: `${main.name}-${platform}`,
  version: main.version,
  description: `Prebuilt addon of ${main.name} for ${platform}`,
  license: "Apache-2.0 AND BSD-2-Clause AND BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1",
  repository: main.repository,
  os: [process.platform],
  cpu: [process.arch],
  libc: ["glibc"],
  engines: main.engines,
  main: "simclr_onednn.node",
  files: ["simclr_onednn.node", ...carried.map(({ library }) => library), "licences"],
  publishConfig: main.publishConfig,
  requirements,
};
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);

const megabytes = files.reduce((sum, file) => sum + statSync(file).size, 0) / 1e6;
console.log(
  `build:prebuilt: ${manifest.name}@${manifest.version}, ${megabytes.toFixed(0)} MB, needs glibc ${requirements.glibc} and ` +
    `GLIBCXX_${requirements.libstdcxx}; carries ${carried.map(({ library }) => library).join(", ")} and ` +
    `${readdirSync(licences).length} licence texts`,
);
