import { configureLogging, jsonLines, serviceLogger } from "@trivet/platform";
import { beforeEach, describe, expect, test } from "vitest";

const canary = "canary-83c1";
let lines: string[] = [];

beforeEach(() => {
  lines = [];
  configureLogging({ level: "info", sinks: { memory: (record) => lines.push(jsonLines(record)) } });
});

const log = serviceLogger("toy");

/** `value` below `depth` objects and arrays by turns. */
const buried = (value: Record<string, unknown>, depth: number): Record<string, unknown> =>
  depth === 0 ? value : buried(depth % 2 === 0 ? { inner: value } : { list: [value] }, depth - 1);

describe("log lines", () => {
  test.each([
    "password",
    "newPassword",
    "passphrase",
    "secret",
    "client_secret",
    "SERVICE_JWT_SECRET",
    "access_token",
    "refreshToken",
    "x-service-token",
    "api_key",
    "x-api-key",
    "authorization",
    "set-cookie",
    "credentials",
    "privateKey",
    "code",
    "otp",
  ])("the value of %s never leaves, at any depth", (field) => {
    for (let depth = 0; depth <= 12; depth += 1) log.info("Something happened", buried({ [field]: canary }, depth));
    expect(lines).toHaveLength(13);
    expect(lines.join("")).not.toContain(canary);
  });

  test("a secret placed into the message never leaves", () => {
    log.info("Logged in with {password}", { password: canary });
    log.info(`Logged in with ${"{token}"}`, { token: { value: canary } });
    expect(lines.join("")).not.toContain(canary);
  });

  test("what is no secret is told", () => {
    log.info("{method} {path}", { method: "GET", path: "/toy", status: 200 });
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      level: "INFO",
      message: "{method} {path}",
      logger: "trivet.toy",
      properties: { method: "GET", path: "/toy", status: 200 },
    });
  });

  test("one line stays one line, whatever is in a value", () => {
    log.info("Said {what}", { what: 'a\nb\r\n{"level":"FATAL"}\u2028' });
    expect(lines[0]?.trimEnd().split("\n")).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "INFO" });
  });

  test("lines below the level are left out", () => {
    log.debug("too quiet");
    expect(lines).toEqual([]);
  });
});
