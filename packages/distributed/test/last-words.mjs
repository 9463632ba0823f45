// Run without a launcher: one rank that says why it ends all ranks, and does.
import { connect } from "../dist/node.js";

await connect({ engine: "mpi" }).abort("the data are gone");
