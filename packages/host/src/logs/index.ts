export { hostLog, type LogOptions, readLogOptions, startLogs } from "./start.ts";
