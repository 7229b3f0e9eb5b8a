/** Keys of wrangler.toml that the host acts on; each is checked in schema.ts. */
const usedKeys = new Set([
  ...["name", "main", "dev", "vars", "secrets", "services", "hyperdrive", "assets"],
  ...["queues", "r2_buckets", "ratelimits", "triggers"],
]);

/**
 * Keys that say how a Worker is built, uploaded, placed or watched on Cloudflare. Nothing a service can
 * notice depends on them, so the host passes over them. `env` is here because it describes further
 * deployments: the host runs the top level, and its environments are process environments.
 */
const deployOnlyKeys = new Set([
  "$schema",
  "access",
  "account_id",
  "alias",
  "base_dir",
  "build",
  "cache",
  "compatibility_date",
  "compatibility_flags",
  "compliance_region",
  "dependencies_instrumentation",
  "env",
  "find_additional_modules",
  "first_party_worker",
  "jsx_factory",
  "jsx_fragment",
  "keep_names",
  "keep_vars",
  "limits",
  "logpush",
  "minify",
  "no_bundle",
  "observability",
  "placement",
  "preserve_file_names",
  "preview_urls",
  "previews",
  "route",
  "routes",
  "send_metrics",
  "tail_consumers",
  "streaming_tail_consumers",
  "tsconfig",
  "upload_source_maps",
  "workers_dev",
]);

/** Bindings, triggers and module rules that Cloudflare knows and the host cannot supply: key -> what it declares. */
const unsuppliedKeys: Readonly<Record<string, string>> = {
  addresses: "inbound email",
  agent_memory: "an agent memory",
  ai: "Workers AI",
  ai_search: "AI Search",
  ai_search_namespaces: "AI Search",
  analytics: "an analytics binding",
  analytics_engine_datasets: "an Analytics Engine dataset",
  artifacts: "an artifacts binding",
  browser: "a browser",
  cloudchamber: "a container",
  connect: "raw sockets",
  containers: "a container",
  d1_databases: "a D1 database",
  data_blobs: "data blobs",
  define: "compile-time substitutions",
  dispatch_namespaces: "a dispatch namespace",
  durable_objects: "Durable Objects",
  exports: "exported classes",
  flagship: "feature flags",
  images: "Cloudflare Images",
  k2: "a K2 stream",
  kv_namespaces: "a KV namespace",
  logfwdr: "a log forwarder",
  media: "Media Transformations",
  migrations: "Durable Object migrations",
  mtls_certificates: "a client certificate",
  pages_build_output_dir: "a Pages project",
  pipelines: "a pipeline",
  python_modules: "Python modules",
  rules: "module rules",
  secrets_store_secrets: "a Secrets Store secret",
  send_email: "outbound email",
  site: "a Workers Site",
  stream: "Cloudflare Stream",
  text_blobs: "text blobs",
  unsafe: "an unsafe binding",
  unsafe_hello_world: "an example binding",
  vectorize: "a Vectorize index",
  version_metadata: "version metadata",
  vpc_networks: "a VPC network",
  vpc_services: "a VPC service",
  wasm_modules: "WebAssembly modules",
  worker_loaders: "a Worker loader",
  workflows: "a workflow",
};

/** The sentence on a top-level key that the host will not run with, or undefined where it may stay. */
export function keyFault(key: string): string | undefined {
  if (usedKeys.has(key) || deployOnlyKeys.has(key)) return undefined;
  const declares = Object.hasOwn(unsuppliedKeys, key) ? unsuppliedKeys[key] : undefined;
  return declares === undefined
    ? `\`${key}\` is not a key that wrangler.toml has; check its spelling`
    : `\`${key}\` declares ${declares}, which the Node and Bun host does not supply; remove it to run here`;
}
