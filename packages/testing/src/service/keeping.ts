import type { Keep } from "@trivet/platform";

/** Keeps what a service opens once per process, as the host does, until it is closed. */
export function keeping(): { keep: Keep; close(): Promise<void> } {
  const closers: (() => Promise<void>)[] = [];
  return {
    keep(open, close) {
      const resource = open();
      closers.push(() => close(resource));
      return resource;
    },
    async close() {
      for (const close of closers.splice(0)) await close();
    },
  };
}
