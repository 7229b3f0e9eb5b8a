import { randomUUID } from "node:crypto";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { type Answer, client } from "../../src/client.ts";
import { operationsOf, parseDocument } from "../../src/openapi/operations.ts";
import { register, withRole } from "../../src/people.ts";

const documents = [
  ["/openapi.json", "Trivet API"],
  ["/auth/openapi.json", "Trivet auth"],
  ["/users/openapi.json", "Trivet users"],
  ["/events/openapi.json", "Trivet events"],
] as const;

const titled = z.object({ info: z.object({ title: z.string() }), tags: z.array(z.object({ name: z.string() })) });
const problem = z.object({
  instance: z.string(),
  errors: z.array(z.object({ in: z.string(), pointer: z.string() })).default([]),
});
const pointersOf = ({ body }: Answer) => problem.parse(body).errors.map((error) => `${error.in} ${error.pointer}`);

/** Addresses that are refused, in every spelling that leads to the same place. */
const refused = [
  ["GET", "/users/profile", 401],
  ["GET", "/api/users/profile", 401],
  ["GET", "/api/v1/users/profile", 401],
  ["GET", "/user/profile", 401],
  ["GET", "/api/v1/user/profile", 401],
  ["GET", "/users/%70rofile", 401],
  ["POST", "/api/v1/users/login", 400],
  ["DELETE", "/api/auth/login", 405],
  ["GET", "/api/v1/nowhere", 404],
  ["GET", "/api/v1/users/nothing/here", 404],
] as const;

describe.for(inject("systems"))("on $runtime", ({ url }) => {
  const api = client(url);

  test.for(documents)("%s is valid OpenAPI 3.1 and called %s", async ([path, title]) => {
    const { body } = await api.get(path);
    const { valid, errors } = await new Validator().validate(Object(body));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    const { info, tags } = titled.parse(body);
    expect(info.title).toBe(title);
    expect(tags.at(-1)?.name).toBe("operations");
    expect((await api.get(path.replace("openapi.json", "docs"))).text).toContain(`<title>${title}</title>`);
  });

  test.for(refused)("a refusal names the path that was sent: %s %s", async ([method, path, status]) => {
    const answer = await api.request(method, `${path}?x=1`, method === "POST" ? { body: {} } : {});
    expect(answer.status, answer.text).toBe(status);
    expect(problem.parse(answer.body).instance).toBe(path);
  });

  test("a list leads on below the path that was sent", async () => {
    const [ada, ...fans] = [await register(api), await register(api), await register(api)];
    for (const fan of fans) await api.post(`/users/${ada.id}/follow`, undefined, fan.token);
    const path = `/api/v1/user/${ada.id}/followers`;
    const link = (await api.get(`${path}?limit=1`, ada.token)).headers.get("link") ?? "";
    const [, next = ""] = /^<([^>]+)>; rel="next"$/.exec(link) ?? [];
    expect(next).toMatch(new RegExp(`^${path}\\?limit=1&cursor=[\\w-]+$`));
    expect((await api.get(next, ada.token)).headers.get("link")).toBeNull();
  });

  test.for(["cursor=zzz", "limit=0x10", "limit=1e1", "limit=%205", "limit=1&limit=2", "offset=1"])(
    "GET /users/search/{query}?%s is refused by name",
    async (query) => {
      const { token } = await register(api);
      const answer = await api.get(`/users/search/ada?${query}`, token);
      expect(answer.status, answer.text).toBe(400);
      expect(pointersOf(answer)).toEqual([`query /${query.split("=")[0]}`]);
    },
  );
});

describe("every operation", async () => {
  const system = inject("systems").find(({ runtime }) => runtime === "node");
  if (!system) throw new Error("The system does not run on Node.");
  const api = client(system.url);
  const operations = operationsOf(parseDocument((await api.get("/openapi.json")).text));
  const { token } = await withRole(api, system.adminUrl, "admin");
  // A provider adds parameters of its own to the address it sends a browser back to.
  const strict = operations.filter(({ path }) => path !== "/auth/oauth/{provider}/callback");

  test.for(strict)("$name refuses a parameter that it does not know", async ({ method, path, body }) => {
    const filled = path.replaceAll(/\{\w+\}/g, () => randomUUID());
    const answer = await api.request(method, `${filled}?surprise=1`, { token, ...(body && { body: {} }) });
    expect(answer.status, answer.text).toBe(400);
    expect(pointersOf(answer)).toEqual(["query /surprise"]);
  });
});
