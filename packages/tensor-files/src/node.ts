export { withTensorBundle } from "./node/with-tensor-bundle.js";
