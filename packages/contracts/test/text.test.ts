import { id, text, username } from "@trivet/contracts";
import { describe, expect, test } from "vitest";

describe("text", () => {
  test.each([
    ["plain", "hello"],
    ["empty", ""],
    ["outside the basic plane", "\u{1f600}"],
    ["as long as may be", "a".repeat(10)],
    ["line breaks and tabs", "a\n\t"],
  ])("is taken: %s", (_, value) => {
    expect(text({ max: 10 }).parse(value)).toBe(value);
  });

  test.each([
    ["NUL", "a\u0000b"],
    ["half of a surrogate pair", "a\ud800"],
    ["the other half", "\udc00a"],
    ["too long", "a".repeat(11)],
    ["no string", 1],
  ])("is refused: %s", (_, value) => {
    expect(text({ max: 10 }).safeParse(value).success).toBe(false);
  });

  test("has a least length where one is asked for", () => {
    expect(text({ min: 2, max: 3 }).safeParse("a").success).toBe(false);
    expect(text({ min: 2, max: 3 }).safeParse("ab").success).toBe(true);
  });
});

describe("id", () => {
  test("is a UUID in lower case from here on", () => {
    expect(id.parse("019A9F00-0000-7000-8000-00000000000A")).toBe("019a9f00-0000-7000-8000-00000000000a");
  });

  test.each(["", "1", "019a9f00", "019a9f00-0000-7000-8000-00000000000g", "{019a9f00-0000-7000-8000-000000000000}"])(
    "is nothing else: %s",
    (value) => {
      expect(id.safeParse(value).success).toBe(false);
    },
  );
});

describe("username", () => {
  test.each(["ada", "Ada.Lovelace", "a_b.c", "007", "a".repeat(30)])("is taken: %s", (value) => {
    expect(username.safeParse(value).success).toBe(true);
  });

  test.each(["ab", "a".repeat(31), ".ada", "ada.", "a..b", "a._b", "ada lovelace", "ad\u00e4", "a@b", "a/b", "ada\n"])(
    "is refused: %j",
    (value) => {
      expect(username.safeParse(value).success).toBe(false);
    },
  );
});
