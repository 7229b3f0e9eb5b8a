import { type ErrorCode, errorCodes, isErrorCode, TrivetError } from "@trivet/platform";
import { describe, expect, test } from "vitest";

const codes = Object.keys(errorCodes).filter(isErrorCode);

describe("errorCodes", () => {
  test.each(codes)("%s has a status of a refusal and three sentences", (code) => {
    const { status, error, detail, operator } = errorCodes[code];
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    expect(error).toMatch(/^[A-Z][^.]+$/);
    expect(detail).toMatch(/^[A-Z].+\.$/);
    expect(operator).toMatch(/^[A-Z].+\.$/);
  });

  test("no two codes share their short error", () => {
    const errors = codes.map((code) => errorCodes[code].error);
    expect(new Set(errors).size).toBe(errors.length);
  });

  test("the set is closed, whatever JavaScript objects inherit", () => {
    for (const name of ["constructor", "__proto__", "toString", "", "teapot", undefined, 404]) {
      expect(isErrorCode(name), String(name)).toBe(false);
    }
  });
});

describe("TrivetError", () => {
  test.each<[ErrorCode, number]>([
    ["malformed_request", 400],
    ["unauthenticated", 401],
    ["service_token_required", 401],
    ["service_token_invalid", 403],
    ["not_found", 404],
    ["precondition_failed", 412],
    ["payload_too_large", 413],
    ["unsupported_media_type", 415],
    ["rate_limited", 429],
    ["internal", 500],
    ["deadline_exceeded", 504],
  ])("%s answers %i", (code, status) => {
    expect(new TrivetError(code)).toMatchObject({ code, status, message: errorCodes[code].detail });
  });

  test("says its own sentence where one is given, and keeps the cause", () => {
    const cause = new Error("below");
    expect(new TrivetError("conflict", "The name is taken.", { cause })).toMatchObject({
      name: "TrivetError",
      message: "The name is taken.",
      cause,
    });
  });
});
