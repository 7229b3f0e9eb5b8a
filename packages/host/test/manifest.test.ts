import { describe, expect, test } from "vitest";
import { readManifests } from "../src/manifest/index.ts";
import { helloWorker, toml, writeRoot } from "./fixtures/root.ts";

const rootWith = (rest: string): string =>
  writeRoot({ "wrangler.toml": toml("app-router", rest), "worker.mjs": helloWorker });
const faultsOf = (rest: string): string[] => readManifests(rootWith(rest)).faults;

describe("manifests", () => {
  test("the root's is the router's, and each folder of workers/ is a service", () => {
    const root = writeRoot({
      "wrangler.toml": toml("app-router", '[[services]]\nbinding = "USERS"\nservice = "app-users"\n'),
      "worker.mjs": helloWorker,
      "workers/users/wrangler.toml": toml(
        "app-users",
        '[dev]\nport = 8001\n[vars]\nX = "1"\n[secrets]\nrequired = ["KEY"]\n',
      ),
      "workers/users/worker.mjs": helloWorker,
      "workers/router/worker.mjs": helloWorker,
      "workers/notes.txt": "not a folder",
    });
    const { manifests, faults } = readManifests(root);
    expect(faults).toEqual([]);
    expect(manifests.map(({ service, name, port }) => ({ service, name, port }))).toEqual([
      { service: "router", name: "app-router", port: undefined },
      { service: "users", name: "app-users", port: 8001 },
    ]);
    expect(manifests[1]).toMatchObject({ vars: { X: "1" }, secrets: ["KEY"], file: "workers/users/wrangler.toml" });
  });

  test("keys that only steer a deployment are passed over", () => {
    const rest =
      'workers_dev = false\nminify = true\ncompatibility_date = "2026-10-01"\n[observability]\nenabled = true\n[env.staging]\nname = "s"\n';
    expect(faultsOf(rest)).toEqual([]);
  });

  test.each([
    ["kv_namespaces", '[[kv_namespaces]]\nbinding = "KV"\nid = "x"\n'],
    ["durable_objects", "[durable_objects]\nbindings = []\n"],
    ["d1_databases", '[[d1_databases]]\nbinding = "D"\n'],
    ["ai", '[ai]\nbinding = "AI"\n'],
    ["vectorize", '[[vectorize]]\nbinding = "V"\n'],
    ["workflows", '[[workflows]]\nbinding = "W"\n'],
    ["servicez", "servicez = 1\n"],
    ["__proto__", '["__proto__"]\nx = 1\n'],
  ])("%s is refused by name", (key, rest) => {
    const faults = faultsOf(rest);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^wrangler\.toml: /);
    expect(faults[0]).toContain(`\`${key}\``);
  });

  test.each([
    ["services.0.entrypoint", '[[services]]\nbinding = "A"\nservice = "app-router"\nentrypoint = "Admin"\n'],
    ["assets.not_found_handling", '[assets]\ndirectory = "."\nnot_found_handling = "single-page-application"\n'],
    ["queues.consumers.0.type", '[[queues.consumers]]\nqueue = "q"\ntype = "http_pull"\n'],
    ["queues.consumers.0.max_batch_size", '[[queues.consumers]]\nqueue = "q"\nmax_batch_size = 101\n'],
    ["queues.producers.0.remote", '[[queues.producers]]\nbinding = "Q"\nqueue = "q"\nremote = true\n'],
    ["queues.producers.0.queue", '[[queues.producers]]\nbinding = "Q"\nqueue = "Not a name"\n'],
    ["dev.port", "[dev]\nport = 70000\n"],
    ["secrets.optional", '[secrets]\noptional = ["X"]\n'],
    ["r2_buckets.0.bucket_name", '[[r2_buckets]]\nbinding = "B"\nbucket_name = "../b"\n'],
    ["r2_buckets.0.jurisdiction", '[[r2_buckets]]\nbinding = "B"\nbucket_name = "bucket"\njurisdiction = "eu"\n'],
    ["ratelimits.0.namespace_id", '[[ratelimits]]\nname = "R"\nsimple = { limit = 1, period = 10 }\n'],
    [
      "ratelimits.0.simple.period",
      '[[ratelimits]]\nname = "R"\nnamespace_id = "1"\nsimple = { limit = 1, period = 30 }\n',
    ],
    ["hyperdrive.0.id", '[[hyperdrive]]\nbinding = "DB"\n'],
  ])("the option %s is refused by name", (path, rest) => {
    expect(faultsOf(rest).join()).toContain(`\`${path}\``);
  });

  test("all faults of all files come at once", () => {
    const root = writeRoot({
      "wrangler.toml": toml("app", "[ai]\nbinding = 'AI'\n[[d1_databases]]\nbinding = 'Q'\n"),
      "worker.mjs": helloWorker,
      "workers/a/wrangler.toml": toml("app", '[dev]\nport = 9000\n[[services]]\nbinding = "X"\nservice = "nobody"\n'),
      "workers/b/wrangler.toml": 'name = "b"\nmain = ',
      "workers/c/wrangler.toml":
        'name = "c"\nmain = "gone.ts"\n[dev]\nport = 9000\n[vars]\nDB = "x"\n[[hyperdrive]]\nbinding = "DB"\nid = "1"\n',
    });
    const { faults } = readManifests(root);
    for (const part of [
      "wrangler.toml: `ai`",
      "wrangler.toml: `d1_databases`",
      "workers/a/wrangler.toml: `main` names",
      "workers/b/wrangler.toml: is not valid TOML at line 2, column 8: ",
      "workers/c/wrangler.toml: `main` names",
      "workers/c/wrangler.toml: declares DB more than once",
      "share the name app",
      "share the [dev] port 9000",
    ]) {
      expect(
        faults.filter((fault) => fault.includes(part)),
        part,
      ).toHaveLength(1);
    }
  });

  test("a binding to a service that is not there names both", () => {
    expect(faultsOf('[[services]]\nbinding = "X"\nservice = "nobody"\n').join()).toContain("binds X to nobody");
  });

  test("a folder without any manifest is a fault", () => {
    expect(readManifests(writeRoot({})).faults).toHaveLength(1);
  });
});

describe("queues in a manifest", () => {
  test("what it does not say is as on Cloudflare", () => {
    const root = rootWith('[[queues.producers]]\nbinding = "Q"\nqueue = "q"\n[[queues.consumers]]\nqueue = "q"\n');
    expect(readManifests(root).manifests[0]?.queues).toEqual({
      producers: [{ binding: "Q", queue: "q", deliveryDelay: 0 }],
      consumers: [
        {
          queue: "q",
          maxBatchSize: 10,
          maxBatchTimeout: 5,
          maxRetries: 3,
          deadLetterQueue: undefined,
          maxConcurrency: undefined,
          retryDelay: 0,
        },
      ],
    });
  });

  test("a queue has one consumer, and another dead-letter queue than itself", () => {
    const consuming = (name: string) => toml(name, '[[queues.consumers]]\nqueue = "q"\ndead_letter_queue = "q"\n');
    const root = writeRoot({
      "workers/a/wrangler.toml": consuming("a"),
      "workers/a/worker.mjs": helloWorker,
      "workers/b/wrangler.toml": consuming("b"),
      "workers/b/worker.mjs": helloWorker,
    });
    const { faults } = readManifests(root);
    expect(faults).toContain(
      "workers/a/wrangler.toml and workers/b/wrangler.toml: consume the queue q; a queue has one consumer",
    );
    expect(faults).toContain("workers/a/wrangler.toml: the dead-letter queue of q cannot be q itself");
  });
});
