import type { LastingDatabase } from "@trivet/db/lasting";
import { hostLog } from "../../logs/index.ts";
import { endLease, leaseSeconds, openLease, renewLease } from "./queries.ts";

/** What this process's claims are made in the name of. It renews itself for as long as the process lives. */
export interface Lease {
  /** The one that holds now; a new one where the last was lost. Rejects while none can be had. */
  current(): Promise<string>;
  /** Whether what was claimed under a lease is still this process's, as far as it can tell by itself. */
  holds(lease: string): boolean;
  /** Gives everything back at once. */
  close(): Promise<void>;
}

const renewEvery = (leaseSeconds * 1_000) / 4;

export function keepLease(db: LastingDatabase, holder: string): Lease {
  let lease: Promise<string> | undefined;
  let known: { id: string; until: number } | undefined;
  let timer: NodeJS.Timeout | undefined;

  const open = async (): Promise<string> => {
    const asked = performance.now();
    const id = await openLease(db, holder);
    known = { id, until: asked + leaseSeconds * 1_000 };
    timer = setTimeout(() => void renew(id), renewEvery);
    return id;
  };

  const renew = async (id: string): Promise<void> => {
    const asked = performance.now();
    try {
      if (await renewLease(db, id)) known = { id, until: asked + leaseSeconds * 1_000 };
      else forget(id);
    } catch (error) {
      hostLog.warn("The lease on what this process handles could not be renewed; trying again", { error });
    }
    // A process that was stopped for a while, or the server, finds that time has passed.
    if (known?.id === id && known.until <= performance.now()) forget(id);
    if (known?.id === id) timer = setTimeout(() => void renew(id), renewEvery);
  };

  const forget = (id: string): void => {
    if (known?.id !== id) return;
    hostLog.warn("The lease on what this process handles was lost: others handle it again", { lease: id });
    known = undefined;
    lease = undefined;
  };

  return {
    current() {
      lease ??= open().catch((error: unknown) => {
        lease = undefined;
        throw error;
      });
      return lease;
    },
    holds: (id) => known?.id === id && performance.now() < known.until,
    async close() {
      clearTimeout(timer);
      const held = known;
      known = undefined;
      if (held) await endLease(db, held.id);
    },
  };
}
