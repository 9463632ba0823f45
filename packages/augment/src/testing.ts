export { type CheckAugmentationOptions, checkAugmentation } from "./check-augmentation.js";
