import { pathToFileURL } from "node:url";
import { readManifests } from "@trivet/host";
import { handledCrons, type WorkerModule } from "@trivet/platform";
import { describe, expect, test } from "vitest";
import { root } from "../src/root.ts";

// The host refuses to start otherwise; Cloudflare would not.
describe("the crons in a wrangler.toml are those that the service handles", () => {
  test.each(readManifests(root).manifests)("$file", async ({ main, crons }) => {
    const loaded: { default: WorkerModule } = await import(pathToFileURL(main).href);
    expect([...(loaded.default[handledCrons] ?? [])].sort()).toEqual([...crons].sort());
  });
});
