export { checkLoss, type LossCheck, type LossPromise } from "./check-loss.js";
