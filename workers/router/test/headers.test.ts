import { continueTrace } from "@trivet/platform";
import { decodeJwt } from "jose";
import { beforeEach, describe, expect, test } from "vitest";
import { type Door, door, Upstream } from "./fixture/door.ts";

let users: Upstream;
let front: Door;

beforeEach(() => {
  users = new Upstream();
  front = door({ USERS: users });
});

const arrived = async (headers: HeadersInit): Promise<Headers> => {
  await front.send("/users/1", { headers });
  return users.last.headers;
};

describe("headers on their way in", () => {
  test.each([
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "forwarded",
    "cf-connecting-ip",
    "x-api-key",
  ])("%s ends here", async (name) => {
    // With a token beside it, so that the API key is not looked at.
    const headers = await arrived({ [name]: "canary", authorization: "Bearer x" });
    expect(headers.has(name)).toBe(false);
  });

  test("what only insiders may say is the router's own word", async () => {
    const before = Date.now();
    const headers = await arrived({
      "x-service-token": "canary",
      "x-client-ip": "10.0.0.1",
      "x-request-deadline": String(Date.now() + 25_000),
      "cf-connecting-ip": "203.0.113.7",
    });
    expect(decodeJwt(headers.get("x-service-token") ?? "")).toMatchObject({ iss: "router", aud: "users" });
    expect(headers.get("x-client-ip")).toBe("203.0.113.7");
    const deadline = Number(headers.get("x-request-deadline"));
    expect(deadline).toBeGreaterThanOrEqual(before + 10_000);
    expect(deadline).toBeLessThanOrEqual(Date.now() + 10_000);
  });

  test("what Connection names ends here as well", async () => {
    const headers = await arrived({
      connection: "close, X-Custom, x-other",
      "x-custom": "1",
      "x-other": "2",
      "x-kept": "3",
    });
    expect([...headers.keys()].filter((name) => ["x-custom", "x-other", "x-kept"].includes(name))).toEqual(["x-kept"]);
  });

  test("Connection cannot take away what the router says", async () => {
    const connection = "x-request-id, x-service-token, x-client-ip, x-request-deadline, traceparent";
    const headers = await arrived({ connection, "x-request-id": "req-5" });
    expect(headers.get("x-request-id")).toBe("req-5");
    for (const name of ["x-service-token", "x-client-ip", "x-request-deadline", "traceparent"]) {
      expect(headers.has(name), name).toBe(true);
    }
  });

  test("the rest goes along as it came", async () => {
    const sent = {
      accept: "text/event-stream",
      "accept-encoding": "br",
      authorization: "Bearer abc",
      cookie: "a=b",
      "idempotency-key": "k",
      "if-match": '"x"',
      "last-event-id": "7",
      range: "bytes=0-1",
      "user-agent": "toy/1",
    };
    expect(Object.fromEntries(await arrived(sent))).toMatchObject(sent);
  });

  test("the service's span is a child of the router's, in the client's trace", async () => {
    const headers = await arrived({
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      tracestate: "a=1",
    });
    const trace = continueTrace(headers);
    expect(trace).toMatchObject({ traceId: "4bf92f3577b34da6a3ce929d0e0e4736", state: "a=1" });
    expect(trace.parentId).not.toBe("00f067aa0ba902b7");
  });

  test("a body that is not forwarded leaves no length behind", async () => {
    const headers = await arrived({ "content-length": "5" });
    expect(headers.has("content-length")).toBe(false);
  });
});

describe("headers on their way out", () => {
  test("what speaks of the service's own connection ends here, also from an answer that is read-only", async () => {
    const headers = {
      connection: "keep-alive, x-hop",
      "keep-alive": "timeout=5",
      "proxy-authenticate": "Basic",
      te: "trailers",
      trailer: "x",
      "transfer-encoding": "chunked",
      "x-hop": "1",
      "x-end": "2",
    };
    for (const code of [200, 404, 503]) {
      users.answer = () => readOnly(new Response("body", { status: code, headers }));
      const response = await front.send("/users/1", { method: "POST" });
      expect(response.status).toBe(code);
      for (const name of Object.keys(headers)) expect(response.headers.has(name), name).toBe(name === "x-end");
      expect(await response.text()).toBe("body");
    }
  });

  test("the service's own headers and every cookie arrive", async () => {
    users.answer = () => {
      const headers = new Headers({ etag: '"1"', location: "/users/2", "content-language": "de" });
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      return readOnly(new Response(null, { status: 201, headers }));
    };
    const { headers } = await front.send("/users/1", { method: "POST" });
    expect(Object.fromEntries(headers)).toMatchObject({ etag: '"1"', location: "/users/2", "content-language": "de" });
    expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  test("a redirect is the client's to follow", async () => {
    users.answer = () => new Response(null, { status: 302, headers: { location: "http://elsewhere.test/" } });
    expect((await front.send("/users/1")).status).toBe(302);
    expect(users.last.redirect).toBe("manual");
  });
});

/** As `fetch` gives answers out: nothing can be written to their headers. */
function readOnly(response: Response): Response {
  const refuse = (): never => {
    throw new TypeError("immutable");
  };
  Object.assign(response.headers, { set: refuse, append: refuse, delete: refuse });
  return response;
}
