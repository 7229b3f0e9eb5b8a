import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client } from "../../src/client.ts";
import { login, newCredentials, register } from "../../src/people.ts";
import { runtimes } from "../../src/system/shared-systems.ts";
import { type System, startSystem } from "../../src/system/start-system.ts";

describe.for(runtimes)("two systems that start at once on %s, in one folder", (runtime) => {
  let twins: System[] = [];
  beforeAll(async () => {
    twins = await Promise.all([startSystem({ runtime }), startSystem({ runtime })]);
  });
  afterAll(() => Promise.all(twins.map((twin) => twin.stop())));

  test("answer each for itself: their people, their tokens and their data are their own", async () => {
    const credentials = newCredentials();
    const [first, second] = twins.map(({ url }) => client(url));
    if (!first || !second) throw new Error("There are not two of them.");
    const here = await register(first, credentials);
    await expect(login(second, credentials)).rejects.toThrow("401");
    const there = await register(second, credentials);
    expect((await first.get("/users/profile", here.token)).body).toMatchObject({ id: here.id });
    expect((await second.get("/users/profile", there.token)).body).toMatchObject({ id: there.id });
    expect((await second.get("/users/profile", here.token)).status).toBe(401);
    expect((await first.get("/users/profile", there.token)).status).toBe(401);
  });
});
