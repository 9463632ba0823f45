export { type DrawnShapes, drawShapes, type ShapesOptions, shapes } from "./shapes.js";
