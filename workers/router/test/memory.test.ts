import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createWorker } from "@trivet/http";
import { expect, test } from "vitest";
import { router } from "../src/service.ts";
import { authKey, publicUrl, serviceSecret } from "./fixture/door.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const worker = createWorker(router);
const env = {
  PUBLIC_URL: publicUrl,
  SERVICE_JWT_SECRET: serviceSecret,
  AUTH_KEY: authKey,
  USERS: { fetch: async (request: Request) => Response.json({ read: (await request.text()).length }) },
};

/** As the host's server on Node makes them: with a body or without, their signal is the one they were made with. */
function requestLikeTheHosts(method: string): Request {
  const { signal } = new AbortController();
  const request = new Request(`${publicUrl}/users/1`, { method, signal, ...(method === "POST" && { body: "hello" }) });
  return Object.defineProperty(request, "signal", { value: signal });
}

async function answer(method: string): Promise<WeakRef<Request>> {
  const request = requestLikeTheHosts(method);
  const response = await worker.fetch(request, env, { waitUntil: () => undefined });
  expect(response.status).toBe(200);
  await response.text();
  return new WeakRef(request);
}

test.each(["GET", "POST"])("a %s that has been answered is let go", async (method) => {
  const answered: WeakRef<Request>[] = [];
  for (let sent = 0; sent < 20; sent += 1) answered.push(await answer(method));
  // What a turn of the event loop has looked at stays until its end.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  // The last one may still be in a register of the engine.
  expect(answered.filter((one) => one.deref() !== undefined).length).toBeLessThanOrEqual(1);
});
