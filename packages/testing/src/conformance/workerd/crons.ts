export { cronWorker as default } from "../crons.ts";
