import { decodeCursor, encodeCursor, etagOf } from "@trivet/http";
import { TrivetError } from "@trivet/platform";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { problemOf, type Running, run } from "./fixture/running.ts";

let service: Running;

beforeEach(() => {
  service = run();
});

const read = (headers: Record<string, string> = {}) => service.send("/toy/document", { headers });
const write = (title: string, headers: Record<string, string> = {}) =>
  service.send("/toy/document", {
    method: "PUT",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ title }),
  });

describe("ETag", () => {
  test("is strong, the same for the same value, another for another", async () => {
    await write("one");
    const first = (await read()).headers.get("etag");
    expect(first).toMatch(/^"[\w-]+"$/);
    expect((await read()).headers.get("etag")).toBe(first);
    await write("two");
    expect((await read()).headers.get("etag")).not.toBe(first);
  });

  test("If-None-Match that names it gets 304 and no body", async () => {
    const etag = (await read()).headers.get("etag") ?? "";
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, `"other",W/${etag} `, "*"]) {
      const response = await read({ "if-none-match": known });
      expect(response.status, known).toBe(304);
      expect(response.headers.get("etag")).toBe(etag);
      expect(await response.text()).toBe("");
    }
  });

  test.each(['"other"', "", "other", '"', "W/"])("If-None-Match %j that does not gets the value", async (known) => {
    const response = await read({ "if-none-match": known });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ title: expect.any(String) });
  });

  test("the second of two editors is refused with 412 and changes nothing", async () => {
    await write("start");
    const etag = (await read()).headers.get("etag") ?? "";
    expect((await write("first", { "if-match": etag })).status).toBe(200);
    const second = await write("second", { "if-match": etag });
    expect(second.status).toBe(412);
    expect((await problemOf(second)).code).toBe("precondition_failed");
    expect(await (await read()).json()).toEqual({ title: "first" });
  });

  test("If-Match * and no If-Match at all let the change through", async () => {
    expect((await write("a", { "if-match": "*" })).status).toBe(200);
    expect((await write("b")).status).toBe(200);
    expect((await read()).headers.get("etag")).toBe(etagOf({ title: "b" }));
  });
});

const page = z.strictObject({ items: z.array(z.number()), nextCursor: z.string().nullable() });
const list = async (path: string) => {
  const response = await service.send(path);
  expect(response.status).toBe(200);
  return { link: response.headers.get("link"), ...page.parse(await response.json()) };
};

describe("a list", () => {
  test("followed by its links shows everything once, in order, and then ends", async () => {
    const seen: number[] = [];
    let path: string | undefined = "/toy/numbers?limit=10";
    for (let pages = 0; path !== undefined && pages < 10; pages += 1) {
      const { items, link, nextCursor } = await list(path);
      seen.push(...items);
      expect(link === null).toBe(nextCursor === null);
      path = /^<([^>]+)>; rel="next"$/.exec(link ?? "")?.[1];
    }
    expect(seen).toEqual(Array.from({ length: 45 }, (_, index) => index + 1));
  });

  test("has twenty items unless asked, and a link that keeps the query", async () => {
    expect((await list("/toy/numbers")).items).toHaveLength(20);
    expect((await list("/toy/numbers?limit=3&other=x%26y")).link).toMatch(
      /^<\/toy\/numbers\?limit=3&other=x%26y&cursor=[\w-]+>; rel="next"$/,
    );
  });

  test("whose last page is exactly full has no further one", async () => {
    const last = encodeCursor("numbers", [40]);
    expect(await list(`/toy/numbers?limit=5&cursor=${last}`)).toEqual({
      items: [41, 42, 43, 44, 45],
      nextCursor: null,
      link: null,
    });
  });

  test.each([
    "0",
    "-1",
    "101",
    "1.5",
    "1.0",
    "ten",
    "",
    "1e1",
    "1e9",
    "0x10",
    "0b1",
    "1_0",
    "%205",
    "5%20",
    "+5",
    "%2B5",
    "%D9%A5",
    "9".repeat(400),
    "NaN",
    "null",
  ])("limit=%s is refused", async (limit) => {
    const response = await service.send(`/toy/numbers?limit=${limit}`);
    expect(response.status).toBe(400);
    expect((await problemOf(response)).errors?.[0]).toMatchObject({
      in: "query",
      pointer: "/limit",
      detail: expect.stringMatching(/decimal digits|must be at (?:least|most)/),
    });
  });

  test.each([
    ["of another list", encodeCursor("letters", [3])],
    ["with other keys", encodeCursor("numbers", ["three"])],
    ["with too many keys", encodeCursor("numbers", [1, 2])],
    ["with none", encodeCursor("numbers", [])],
    ["cut", encodeCursor("numbers", [3]).slice(0, -3)],
    ["garbage", "garbage"],
    ["empty", ""],
    ["no base64", "%25%25%25"],
    ["no UTF-8", "_____w"],
    ["JSON that is no list", btoa('{"a":1}')],
    ["nested deep", btoa("[".repeat(300))],
    ["too long", "A".repeat(513)],
  ])("a cursor %s is refused", async (_, cursor) => {
    const response = await service.send(`/toy/numbers?cursor=${cursor}`);
    expect(response.status).toBe(400);
    expect((await problemOf(response)).errors?.[0]).toMatchObject({ in: "query", pointer: "/cursor" });
  });
});

describe("a cursor", () => {
  test("brings its keys back, whatever is in them", () => {
    const keys = ["2026-01-01T00:00:00.000Z", "\u00e4\u{1f600}\"'/+", 1.5, null, true];
    const cursor = encodeCursor("odd", keys);
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(decodeCursor("odd", z.array(z.json()), cursor)).toEqual(keys);
    expect(() => decodeCursor("other", z.array(z.json()), cursor)).toThrow(TrivetError);
  });
});
