// Run by every rank of the fault tests: a loop of steps in which rank 1 does what the first argument says at step 20.
import { connect } from "../dist/node.js";

const [fault] = process.argv.slice(2);
const communicator = connect({ stallMs: 4000 });
const large = new Float32Array(1 << 19);
const small = new Float32Array(4);

for (let step = 0; step < 100; step++) {
  if (communicator.rank === 1 && step === 20) {
    if (fault === "kill") process.kill(process.pid, "SIGKILL");
    if (fault === "throw") throw new Error("out of luck");
    if (fault === "throw in flight") {
      void communicator.allReduce(large, "sum");
      throw new Error("out of luck");
    }
    if (fault === "reject") await Promise.reject(new Error("out of luck"));
    if (fault === "exit 3") process.exit(3);
    if (fault === "exit 0") process.exit(0);
    if (fault === "stop") process.kill(process.pid, "SIGSTOP");
    if (fault === "abort") await communicator.abort("the data are gone");
  }
  await communicator.allReduce(step % 2 === 0 ? large : small, "sum");
  await new Promise((resolve) => setTimeout(resolve, 2));
}
await communicator.close();
console.log(`rank ${communicator.rank} reached the end`);
