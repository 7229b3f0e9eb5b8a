import { pathToFileURL } from "node:url";
import type { WorkerModule } from "@trivet/platform";
import type { Manifest } from "./manifest/index.ts";

/** The default export of a service's `main`, which wrangler.toml promises is a Worker. */
export async function loadWorker(manifest: Manifest): Promise<WorkerModule<unknown>> {
  const loaded: unknown = await import(pathToFileURL(manifest.main).href);
  const worker = typeof loaded === "object" && loaded !== null && "default" in loaded ? loaded.default : undefined;
  if (!isWorker(worker))
    throw new TypeError(
      `${manifest.main} does not export a Worker: \`export default { fetch(request, env, ctx) {} }\``,
    );
  return worker;
}

const isWorker = (value: unknown): value is WorkerModule<unknown> =>
  typeof value === "object" && value !== null && "fetch" in value && typeof value.fetch === "function";
