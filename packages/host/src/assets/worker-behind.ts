import type { WorkerModule } from "@trivet/platform";
import { serveAsset } from "./binding.ts";
import type { Site } from "./site.ts";

/**
 * Cloudflare answers with a matching file before it asks the Worker, unless `run_worker_first` is set.
 * So does a Worker that went through here.
 */
export function workerBehind(site: Site, worker: WorkerModule<unknown>): WorkerModule<unknown> {
  const fetch: WorkerModule<unknown>["fetch"] = (request, env, context) => {
    const { method, url } = request;
    if (method !== "GET" && method !== "HEAD") return worker.fetch(request, env, context);
    const { pathname, search } = new URL(url);
    const asset = site.find(pathname);
    return asset ? serveAsset(asset, search, request) : worker.fetch(request, env, context);
  };
  // Its other handlers stay its own, also where they are methods of a class.
  const behind: WorkerModule<unknown> = Object.create(worker);
  return Object.assign(behind, { fetch });
}
