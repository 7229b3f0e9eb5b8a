import type { Bundle } from "./bundle-worker.ts";
import { startWorkerd } from "./start-workerd.ts";

// Loads a Worker into a fresh isolate of the running workerd on every request. The clock of workerd
// stands still between I/O, so the caller measures.
const loader = `
  let loaded = 0;
  export default {
    async fetch(request, env) {
      const code = await request.json();
      const isolate = env.LOADER.get(String(loaded++), () => code);
      return await isolate.getEntrypoint().fetch("http://start/").catch((error) => new Response(error.stack));
    },
  };
`;

const loaderService = (compatibilityDate: string) => `[(name = "main", worker = (
  modules = [(name = "loader.js", esModule = embed "loader.js")],
  compatibilityDate = ${JSON.stringify(compatibilityDate)},
  bindings = [(name = "LOADER", workerLoader = (id = "loaded"))],
))]`;

const probe = (module: string) => `
  import * as worker from ${JSON.stringify(`./${module}`)};
  export default { fetch: () => new Response(typeof worker.default?.fetch) };
`;

const emptyWorker = { "empty.js": "export default { fetch() {} };" };

interface Loadable {
  compatibilityDate: string;
  compatibilityFlags: string[];
  entry: string;
  modules: Record<string, string>;
}

const rounds = 7;

/**
 * Milliseconds that workerd takes to compile and evaluate each bundle in a fresh isolate, less that of
 * an empty Worker. The fastest of seven: whatever else the machine does only ever adds.
 */
export async function measureStarts(bundles: readonly Bundle[]): Promise<number[]> {
  const [first] = bundles;
  if (!first) return [];
  const workerd = await startWorkerd(loaderService(first.manifest.config.compatibility_date), { "loader.js": loader });
  try {
    const starts: number[] = [];
    for (const { manifest, entry, modules } of bundles) {
      const { compatibility_date: compatibilityDate, compatibility_flags: compatibilityFlags } = manifest.config;
      const worker = { compatibilityDate, compatibilityFlags, entry, modules };
      const empty = { ...worker, entry: "empty.js", modules: emptyWorker };
      starts.push((await fastestStart(workerd.url, worker)) - (await fastestStart(workerd.url, empty)));
    }
    return starts.map((start) => Math.max(0, start));
  } finally {
    await workerd.stop();
  }
}

async function fastestStart(url: string, worker: Loadable): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) fastest = Math.min(fastest, await timeStart(url, worker));
  return fastest;
}

async function timeStart(url: string, { entry, modules, ...compatibility }: Loadable): Promise<number> {
  const body = JSON.stringify({
    ...compatibility,
    mainModule: "probe.js",
    modules: { "probe.js": probe(entry), ...modules },
  });
  const begun = performance.now();
  const response = await fetch(url, { method: "POST", body });
  const answer = await response.text();
  if (answer !== "function") throw new Error(`${entry} does not start in workerd: ${answer.slice(0, 2_000)}`);
  return performance.now() - begun;
}
