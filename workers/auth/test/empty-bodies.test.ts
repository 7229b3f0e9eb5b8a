import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { auth as service } from "../src/service.ts";
import { registerAs } from "./system/people.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

let auth: AuthSystem;
let token: string;
beforeAll(async () => {
  auth = await startAuth();
  ({ token } = await registerAs(auth, "admin"));
});
afterAll(() => auth.stop());

const routes = service.routes
  .map(({ contract }) => contract)
  .filter(({ request, path }) => request?.body !== undefined && !path.includes("/internal/"));

/** Where nothing in the body is required, and what is wrong is told in other words. */
const takesNothing: Record<string, number> = {
  // The session has not been confirmed.
  "/auth/2fa/enable": 401,
  "/auth/passkeys/register/options": 401,
  "/auth/oauth/{provider}/link": 401,
  // Nothing to put in force, or nothing to end.
  "/auth/2fa/disable": 409,
  "/auth/2fa/recovery-codes": 409,
};

const refusal = z.object({
  errors: z.array(z.object({ pointer: z.string().regex(/^\/\w/), detail: z.string() })).min(1),
});

describe("an empty object", () => {
  test.for(routes.map(({ method, path }) => [method.toUpperCase(), path] as const))(
    "%s %s names every field it lacks",
    async ([method, path]) => {
      const filled = path.replace("{id}", "019a9f00-0000-7000-8000-000000000000").replace("{provider}", "house");
      const { status, body, text } = await auth.request(method, filled, { token, body: {} });
      expect(status, text).toBe(takesNothing[path] ?? 400);
      if (status === 400) expect(refusal.safeParse(body).error, text).toBeUndefined();
    },
  );

  test("there are such routes", () => {
    expect(routes.length).toBeGreaterThan(12);
  });
});

describe("POST /auth/session", () => {
  const verifier = "A".repeat(43);
  test.for([
    [{}, ["/code"]],
    [{ provider: "house" }, ["/code"]],
    [{ provider: "house", code: "x" }, ["/code_verifier", "/redirect_uri"]],
    [{ provider: "house", code: "x", redirect_uri: "http://127.0.0.1/" }, ["/code_verifier"]],
    [{ code: "x", code_verifier: verifier, nonce: "n" }, ["/nonce"]],
    [{ id_token: "x" }, ["/provider"]],
    [{ id_token: "x", provider: "house", code: "x", redirect_uri: "x" }, ["/code", "/redirect_uri"]],
    [{ code: 1 }, ["/code"]],
    [{ code: "x", user: "root" }, ["/user"]],
  ] as const)("400 for %j, naming %j", async ([body, pointers]) => {
    const answer = await auth.post("/auth/session", body);
    expect(answer.status).toBe(400);
    expect(refusal.parse(answer.body).errors.map(({ pointer }) => pointer)).toEqual(pointers);
  });
});

test("POST /auth/login names the password and who it is for at once", async () => {
  const { errors } = refusal.parse((await auth.post("/auth/login", {})).body);
  expect(errors.map(({ pointer }) => pointer)).toEqual(["/password", "/email"]);
});
