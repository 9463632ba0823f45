export { type Facts, requireAgreement } from "./agreement.js";
export { gatherParts } from "./gather-parts.js";
export { gatherRows } from "./gather-rows.js";
export { type StatisticsOfRanks, synchroniseStatistics } from "./synchronise-statistics.js";
