import { describeError } from "@trivet/platform";
import { describe, expect, test } from "vitest";

const canary = "canary-5f2e";

/** As drizzle throws it: the statement, and in the message the values bound to it. */
class QueryError extends Error {
  readonly query = "insert into accounts (email) values ($1)";
  readonly params = [canary];

  constructor(cause: Error) {
    super(`Failed query: insert into accounts (email) values ($1)\nparams: ${canary}`, { cause });
  }
}

/** As the driver throws it: members that are not enumerable, and details that quote the row. */
function driverError(): Error {
  const error = new Error("duplicate key value violates unique constraint");
  Object.assign(error, { code: "23505", detail: `Key (email)=(${canary}) already exists.` });
  Object.defineProperties(error, { query: { value: "insert" }, parameters: { value: [canary] } });
  return error;
}

describe("describeError", () => {
  test("names, messages and the stack are told, causes included", () => {
    const described = describeError(new TypeError("above", { cause: new RangeError("below") }));
    expect(described).toMatchObject({
      name: "TypeError",
      message: "above",
      cause: { name: "RangeError", message: "below" },
    });
    expect(described.stack).toContain("describe-error.test.ts");
  });

  test("a failed query tells its statement and its SQLSTATE, and no value bound to it", () => {
    const described = describeError(new Error("outer", { cause: new QueryError(driverError()) }));
    expect(JSON.stringify(described)).not.toContain(canary);
    expect(described.cause).toMatchObject({
      query: "insert into accounts (email) values ($1)",
      message: "Failed query",
    });
    expect(described.cause?.cause).toMatchObject({ error_code: "23505" });
  });

  test.each([
    ["a string", "oops", { name: "string", message: "oops" }],
    ["nothing", undefined, { name: "undefined", message: "undefined" }],
    ["an object", { secret: canary }, { name: "object", message: "[object Object]" }],
  ])("what is no error is told by its type: %s", (_, thrown, expected) => {
    expect(describeError(thrown)).toEqual(expected);
  });

  test("a chain of causes that closes in a circle ends", () => {
    const error = new Error("loop");
    error.cause = error;
    expect(JSON.stringify(describeError(error)).length).toBeLessThan(20_000);
  });
});
