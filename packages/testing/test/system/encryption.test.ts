import { mintServiceToken } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { client } from "../../src/client.ts";
import { readOutside } from "../../src/encryption/outsider.ts";
import { register } from "../../src/people.ts";
import { encryptionScenarios, sendEncrypted } from "../../src/scenarios/encryption.ts";
import { runtimes, withoutLimits } from "../../src/system/shared-systems.ts";
import { type System, startSystem } from "../../src/system/start-system.ts";

describe.for(inject("systems"))("on $runtime, in one process", (system) => {
  test.for(encryptionScenarios)("$title", ({ run }) => run(system));
});

/** `wrangler dev` runs all Workers together; split is a matter of the host's runtimes. */
const splitRuntimes = runtimes.filter((runtime) => runtime !== "workerd");

describe.for(splitRuntimes)("on %s, one process a service", (runtime) => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ runtime, split: true, env: withoutLimits });
  });
  afterAll(() => system?.stop());

  test("an account is read encrypted or not at all, and nobody on the way reads it", async () => {
    const ada = await register(client(system.url));
    const { AUTH_KEY: key, SERVICE_JWT_SECRET: secret } = system.secrets;
    const target = `/auth/internal/accounts/${ada.id}`;
    const token = { "x-service-token": await mintServiceToken("users", "auth", secret) };
    const plain = await fetch(`${system.urls.auth}${target}`, { headers: token });
    expect(plain.status).toBe(400);
    expect(await plain.json()).toMatchObject({ code: "encryption_required" });
    const asked = { key, method: "GET", target, caller: "users", callee: "auth", headers: token };
    const sealed = await sendEncrypted(system.urls.auth ?? "", asked);
    const wire = await sealed.clone().text();
    expect(wire.split(".")).toHaveLength(5);
    expect(JSON.parse((await readOutside(sealed, key)).text)).toMatchObject({ id: ada.id, email: ada.email });
  });

  test("who deletes a profile deletes the account, by a call of users that is encrypted", async () => {
    const api = client(system.url);
    const ada = await register(api);
    expect((await api.delete("/users/profile", ada.token)).status).toBe(204);
    expect((await api.post("/auth/login", { username: ada.username, password: ada.password })).status).toBe(401);
  });
});
