import { mintServiceToken } from "@trivet/platform";
import { decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const secret = "a-secret-of-the-services-that-is-long-enough";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe("mintServiceToken", () => {
  test("is a typed JWT of the caller for the callee that lives five minutes", async () => {
    const token = await mintServiceToken("users", "auth", secret);
    expect(decodeProtectedHeader(token)).toEqual({ alg: "HS256", typ: "service+jwt" });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ type: "service", iss: "users", aud: "auth" });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(300);
    await jwtVerify(token, new TextEncoder().encode(secret));
  });

  test("is reused until a minute before it expires, then renewed", async () => {
    const first = await mintServiceToken("users", "reused", secret);
    vi.advanceTimersByTime(239_000);
    expect(await mintServiceToken("users", "reused", secret)).toBe(first);
    vi.advanceTimersByTime(1_000);
    const second = await mintServiceToken("users", "reused", secret);
    expect(second).not.toBe(first);
    await jwtVerify(second, new TextEncoder().encode(secret));
  });

  test("is never reused for another caller, callee or secret", async () => {
    const tokens = await Promise.all([
      mintServiceToken("users", "posts", secret),
      mintServiceToken("auth", "posts", secret),
      mintServiceToken("users", "media", secret),
      mintServiceToken("users", "posts", `${secret}2`),
    ]);
    expect(new Set(tokens).size).toBe(tokens.length);
  });
});
