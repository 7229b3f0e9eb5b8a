import { beforeAll, describe, expect, test } from "vitest";
import { adoptLightRequests } from "../src/server/request.node.ts";

const Native = globalThis.Request;
const url = "http://users/users/1?a=b";
const bytes = () => new TextEncoder().encode('{"name":"Ada"}').buffer;

/** The same request, made by Node's own class and by the light one, as a router makes it. */
function both(method: string, body?: () => ArrayBuffer): [native: Request, light: Request] {
  const init = () => ({
    method,
    headers: new Headers({ "content-type": "application/json" }),
    redirect: "manual" as const,
    signal: new AbortController().signal,
    ...(body && { body: body() }),
  });
  return [new Native(url, init()), new Request(url, init())];
}

const refusal = async (work: Promise<unknown>): Promise<unknown> => await work.catch((cause: unknown) => cause);

beforeAll(adoptLightRequests);

describe("a light request", () => {
  test("is one, and light only where its body is none or an ArrayBuffer", () => {
    const symbols = (request: Request) => Object.getOwnPropertySymbols(request).map(String);
    expect(symbols(both("GET")[1])).toEqual(["Symbol(parts)"]);
    expect(symbols(both("POST", bytes)[1])).toEqual(["Symbol(parts)"]);
    expect(symbols(new Request(url, { method: "POST", body: "{}" }))).not.toEqual(["Symbol(parts)"]);
  });

  const uses: [what: string, use: (request: Request) => unknown][] = [
    ["its parts", ({ method, url: at, redirect, headers }) => [method, at, redirect, [...headers]]],
    ["its body as bytes", async (request) => new Uint8Array(await request.arrayBuffer())],
    ["its body as text", (request) => request.text()],
    ["its body as JSON", (request) => request.json()],
    ["its body as a stream", async ({ body }) => body && (await new Response(body).text())],
    ["a copy of it", async (request) => [await request.clone().text(), await request.text()]],
    ["one made of it", async (request) => await new Request(request, { headers: { a: "b" } }).text()],
    ["whether it is used, before and after", async (r) => [r.bodyUsed, await r.arrayBuffer(), r.bodyUsed]],
    ["its stream once it was read", async (r) => [await r.arrayBuffer(), r.body?.locked, r.bodyUsed]],
    [
      "a body that is read twice",
      async (r) => [await r.arrayBuffer(), (await refusal(r.arrayBuffer())) instanceof TypeError],
    ],
    [
      "a body that is read in two ways",
      async (r) => [await r.arrayBuffer(), (await refusal(r.text())) instanceof TypeError],
    ],
    [
      "a body that is read after its stream",
      async (r) => [await r.text(), (await refusal(r.arrayBuffer())) instanceof TypeError],
    ],
  ];
  const bodied = uses.filter(([what]) => !what.includes("JSON"));

  test.for(uses)("with a body says the same as Node's own: %s", async ([, use]) => {
    const [native, light] = both("POST", bytes);
    expect(await use(light)).toEqual(await use(native));
  });

  test.for(bodied)("without a body says the same as Node's own: %s", async ([, use]) => {
    const [native, light] = both("GET");
    expect(await use(light)).toEqual(await use(native));
  });
});
