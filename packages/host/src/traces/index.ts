export { chooseSpans, spanFaults } from "./choose.ts";
