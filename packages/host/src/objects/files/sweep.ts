import { hostLog } from "../../logs/index.ts";
import type { Blobs } from "./blobs.ts";
import type { Catalogue } from "./catalogue.ts";
import type { UploadTable } from "./upload-table.ts";

const hour = 3_600_000;

/** A file that is being written is touched again and again; one that a crash left is not. */
const blobPatience = hour;
/** R2 ends an upload that nobody has completed after a week. */
const uploadPatience = 7 * 24 * hour;

/** Removes what a crash or a forgotten upload left behind: once now, and then every hour. */
export function startSweeping(catalogue: Catalogue, blobs: Blobs, table: UploadTable) {
  let stopped = false;
  const sweep = async (): Promise<void> => {
    await blobs.remove(await catalogue.change(() => table.forgetBefore(Date.now() - uploadPatience)));
    for await (const name of blobs.untouchedSince(Date.now() - blobPatience)) {
      if (stopped) return;
      if (!catalogue.names(name)) await blobs.remove([name]);
    }
  };
  const attempt = (): Promise<void> =>
    sweep().catch((error: unknown) => hostLog.warn("Leftovers in a bucket could not be swept", { error }));
  let sweeping = attempt();
  const timer = setInterval(() => {
    sweeping = attempt();
  }, hour);
  timer.unref();
  return {
    async stop(): Promise<void> {
      stopped = true;
      clearInterval(timer);
      await sweeping;
    },
  };
}
