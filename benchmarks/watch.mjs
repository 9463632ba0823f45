// The processor time of the live page's server with idle listeners: node benchmarks/watch.mjs [listeners] [seconds]

import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";

const [listeners = 200, seconds = 30] = process.argv
  .slice(2)
  .filter((arg) => arg !== "--serve")
  .map(Number);

if (process.argv.includes("--serve")) {
  const { serveReport } = await import("../packages/pages/dist/index.js");
  const data = async () => ({
    title: "idle",
    createdAt: new Date().toISOString(),
    accuracy: [],
    curves: [],
    facts: [],
    config: "",
  });
  const { url } = await serveReport({ title: "idle", data, version: async () => "the same" });
  process.send(url);
  process.on("message", () => process.send(process.cpuUsage()));
} else {
  const server = fork(new URL(import.meta.url), ["--serve"]);
  const [url] = await once(server, "message");
  const { port, pathname } = new URL(url);
  const sockets = [];
  for (let i = 0; i < listeners; i++) {
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(`GET ${pathname}events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    await once(socket, "data");
    sockets.push(socket);
  }
  const used = async () => {
    server.send("cpu");
    const [{ user, system }] = await once(server, "message");
    return (user + system) / 1e6;
  };
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const before = await used();
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  const share = ((await used()) - before) / seconds;
  console.log(`${listeners} listeners, ${seconds} s: ${(100 * share).toFixed(2)} % of a core`);
  for (const socket of sockets) socket.destroy();
  server.kill();
}
