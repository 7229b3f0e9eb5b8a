import { settingsUpdated, userCreated, userDeleted } from "@trivet/contracts";
import { createWorker, defineService, routesFor, serviceEnv } from "@trivet/http";
import { mintServiceToken, newId, TrivetError } from "@trivet/platform";
import { beforeEach, describe, expect, test } from "vitest";
import { publicUrl } from "./fixture/issuer.ts";
import { posting, problemOf, serviceSecret } from "./fixture/running.ts";

let handled: string[] = [];
const { on } = routesFor<{ seen: string[] }>();

const listener = defineService({
  name: "listener",
  version: "1",
  summary: "",
  env: serviceEnv,
  deps: () => ({ seen: handled }),
  routes: [],
  events: [
    on(userCreated, async ({ seen }, data, envelope) => {
      seen.push(`created ${data.userId} by ${envelope.service}`);
    }),
    on(userDeleted, async () => {
      throw new Error("the database is gone");
    }),
  ],
  faults: (error) =>
    error instanceof Error && error.message.includes("database")
      ? new TrivetError("unavailable", undefined, { cause: error })
      : undefined,
});
const worker = createWorker(listener);

const userId = newId();
const envelopeOf = (event: string, changes: object = {}) => ({
  id: newId(),
  event,
  version: 1,
  service: "auth",
  subject: userId,
  timestamp: new Date().toISOString(),
  trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
  span_id: "00f067aa0ba902b7",
  data: { userId },
  ...changes,
});

async function deliver(body: object, publisher = "auth"): Promise<Response> {
  const token = await mintServiceToken(publisher, "listener", serviceSecret);
  const request = new Request(
    "http://listener/listener/internal/events",
    posting(JSON.stringify(body), { "x-service-token": token }),
  );
  return await worker.fetch(
    request,
    { PUBLIC_URL: publicUrl, SERVICE_JWT_SECRET: serviceSecret },
    { waitUntil: () => undefined },
  );
}

beforeEach(() => {
  handled = [];
});

describe("a delivered event", () => {
  test("reaches its handler, and is acknowledged with 204", async () => {
    expect((await deliver(envelopeOf(userCreated.name))).status).toBe(204);
    expect(handled).toEqual([`created ${userId} by auth`]);
  });

  test("that nobody here listens to is acknowledged, so that its publisher may forget it", async () => {
    expect((await deliver(envelopeOf(settingsUpdated.name))).status).toBe(204);
    expect((await deliver(envelopeOf("not.known"))).status).toBe(204);
    expect(handled).toEqual([]);
  });

  test("whose handler fails is not acknowledged; a part that is down is told as such", async () => {
    const response = await deliver(envelopeOf(userDeleted.name));
    expect(response.status).toBe(503);
    expect((await problemOf(response)).code).toBe("unavailable");
  });

  test("is refused without an envelope's members", async () => {
    const response = await deliver(envelopeOf(userCreated.name, { id: "1", trace_id: "x" }));
    expect(response.status).toBe(400);
    expect((await problemOf(response)).errors?.map(({ pointer }) => pointer)).toEqual(["/id", "/trace_id"]);
    expect(handled).toEqual([]);
  });

  test("with data of another shape is not acknowledged", async () => {
    expect((await deliver(envelopeOf(userCreated.name, { data: { userId: "nobody" } }))).ok).toBe(false);
    expect(handled).toEqual([]);
  });

  test("is taken from publishers only", async () => {
    expect((await deliver(envelopeOf(userCreated.name), "router")).status).toBe(403);
    expect(handled).toEqual([]);
  });
});
