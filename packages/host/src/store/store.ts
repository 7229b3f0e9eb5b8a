import { type LastingDatabase, openLasting } from "@trivet/db/lasting";
import { hostName } from "../manifest/index.ts";

/** The host's own schema. */
export interface Store {
  /** One for the process, over one pool; connects with its first statement. */
  database(): LastingDatabase;
  close(): Promise<void>;
}

// Tables that are full at one moment and empty at the next have no statistics to plan by; each query has its index.
const planning = { enable_seqscan: "off", enable_bitmapscan: "off", plan_cache_mode: "force_generic_plan" };

export function createStore(connectionString: string): Store {
  let opened: LastingDatabase | undefined;
  return {
    database: () => (opened ??= openLasting(connectionString, hostName, planning)),
    close: async () => await opened?.close(),
  };
}
