export { type Controller, newController } from "./invoke.ts";
export { handlerFaults, jobsOf } from "./jobs.ts";
export type { Job } from "./run-claim.ts";
export { cronFaults, readSchedule, type Schedule } from "./schedule.ts";
export { type Scheduler, startScheduler } from "./scheduler.ts";
