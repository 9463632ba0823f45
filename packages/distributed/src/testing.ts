export { meetingRanks } from "./meeting-ranks.js";
