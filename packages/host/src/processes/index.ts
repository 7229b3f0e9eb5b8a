export { countRange, isProcessCount, readProcessCount } from "./count.ts";
export { ProcessesError } from "./errors.ts";
export { membership, resign } from "./member.ts";
export { startProcesses } from "./start-processes.ts";
