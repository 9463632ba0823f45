// Network namespaces that stand for machines: each with its own network device, address and host name, joined by a bridge.
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Open MPI's launch agent: `enter-host.sh HOST COMMAND`. */
const ENTER = fileURLToPath(new URL("./enter-host.sh", import.meta.url));

/** Why there can be no hosts here; undefined where there can. */
export function hostsMissing() {
  if (process.getuid?.() !== 0) return "network namespaces need root";
  for (const command of ["ip", "unshare", "mpirun.openmpi"])
    if (spawnSync("sh", ["-c", `command -v ${command}`]).status !== 0)
      return `${command} is missing (apt-get install -y iproute2 util-linux openmpi-bin)`;
  const probe = `simclr-probe-${process.pid}`;
  const made = spawnSync("ip", ["netns", "add", probe], { encoding: "utf8" });
  if (made.status !== 0) return `"ip netns add" is refused: ${made.stderr.trim()}`;
  execFileSync("ip", ["netns", "del", probe]);
  return undefined;
}

/** Makes `count` hosts; `remove()` takes them away again. Nothing in the machine's own network changes. */
export function makeHosts(count) {
  const prefix = `sc${process.pid % 100_000}`;
  const names = Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
  const hub = `${prefix}-hub`;
  const ip = (...args) => execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
  const remove = () => {
    for (const name of [...names, hub]) {
      for (const pid of pidsOf(name)) kill(pid);
      spawnSync("ip", ["netns", "del", name]);
    }
  };
  try {
    ip("netns", "add", hub);
    ip("-n", hub, "link", "add", "br0", "type", "bridge");
    ip("-n", hub, "link", "set", "br0", "up");
    for (const [i, name] of names.entries()) {
      ip("netns", "add", name);
      ip("link", "add", "eth0", "netns", name, "type", "veth", "peer", "name", `port${i}`, "netns", hub);
      ip("-n", hub, "link", "set", `port${i}`, "master", "br0", "up");
      ip("-n", name, "addr", "add", `10.77.0.${i + 1}/24`, "dev", "eth0");
      ip("-n", name, "link", "set", "lo", "up");
      ip("-n", name, "link", "set", "eth0", "up");
    }
  } catch (error) {
    remove();
    throw error;
  }
  return {
    names,
    /** Any command, on the first host. */
    command: (words) => [ENTER, names[0], "--", ...words],
    /** With which a launcher that is started there reaches the others, over TCP alone. */
    environment: {
      OMPI_MCA_plm: "rsh",
      OMPI_MCA_plm_rsh_agent: ENTER,
      OMPI_MCA_pml: "ob1",
      OMPI_MCA_btl: "tcp,self",
    },
    /** Cuts the network cable of a host. */
    cut: (name) => ip("-n", name, "link", "set", "eth0", "down"),
    /** Ends everything that runs on a host at once. */
    crash(name) {
      for (const pid of pidsOf(name)) kill(pid);
    },
    /** Processes on a host. */
    pidsOf,
    remove,
  };
}

const pidsOf = (name) =>
  (spawnSync("ip", ["netns", "pids", name], { encoding: "utf8" }).stdout ?? "").split("\n").filter(Boolean).map(Number);

function kill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended meanwhile
  }
}
