import { createTestDatabase } from "@trivet/testing";
import { afterAll, describe, expect, test } from "vitest";
import { readManifests } from "../src/manifest/index.ts";
import { createStore, schemaOwners } from "../src/store/index.ts";
import { helloWorker, toml, writeRoot } from "./fixtures/root.ts";

const database = await createTestDatabase();
afterAll(() => database.drop());

describe("what the host keeps for services", () => {
  test("has a schema where a manifest asks for a queue or a cron, and none where nobody does", () => {
    const ownersWith = (rest: string) => {
      const root = writeRoot({ "wrangler.toml": toml("app-router", rest), "worker.mjs": helloWorker });
      return schemaOwners(readManifests(root).manifests).map(({ service }) => service);
    };
    expect(ownersWith("")).toEqual([]);
    expect(ownersWith('[[hyperdrive]]\nbinding = "DB"\nid = "x"\n')).toEqual(["router"]);
    expect(ownersWith('[[queues.producers]]\nbinding = "Q"\nqueue = "q"\n')).toEqual(["host"]);
    expect(ownersWith('[triggers]\ncrons = ["* * * * *"]\n')).toEqual(["host"]);
    expect(ownersWith('[[queues.consumers]]\nqueue = "q"\n')).toEqual(["host"]);
  });

  test("is reached by a role that reaches nothing else, through one pool that is closed at the end", async () => {
    const store = createStore(database.urls.host ?? "");
    expect(store.database()).toBe(store.database());
    expect(await store.database().query("select count(*)::int as count from messages")).toEqual([{ count: 0 }]);
    await expect(store.database().query("select 1 from auth.users")).rejects.toThrow(/permission denied/);
    await store.close();
    await expect(store.database().query("select 1")).rejects.toThrow();
  });

  test("keeps its name for itself: no service is called host", () => {
    const root = writeRoot({ "workers/host/wrangler.toml": toml("app"), "workers/host/worker.mjs": helloWorker });
    expect(readManifests(root).faults).toEqual([expect.stringContaining("workers/host/wrangler.toml: `host` is")]);
  });
});
