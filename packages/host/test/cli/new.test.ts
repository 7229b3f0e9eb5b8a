import { join } from "node:path";
import process from "node:process";
import postgres from "postgres";
import { describe, expect, test } from "vitest";
import { nameFault } from "../../src/cli/new/name.ts";

// That what `trivet new` writes works, and that it writes all or nothing: packages/testing/test/new-service.test.ts.

const root = join(import.meta.dirname, "../../../..");

describe("trivet new takes", () => {
  test.each(["notes", "ok", "notifications", "a".repeat(20), "as".repeat(3)])("%s", (name) => {
    expect(nameFault(root, name)).toBeUndefined();
  });
});

describe("trivet new refuses", () => {
  test.each([
    ["", "2 to 20 letters of a to z"],
    ["n", "2 to 20 letters of a to z"],
    ["a".repeat(21), "2 to 20 letters of a to z"],
    ["Notes", "2 to 20 letters of a to z"],
    ["user-notes", "2 to 20 letters of a to z"],
    ["notes2", "2 to 20 letters of a to z"],
    ["../notes", "2 to 20 letters of a to z"],
    ["notes\n", "2 to 20 letters of a to z"],
    ["users", "There is a workers/users already"],
    ["platform", "There is a packages/platform already"],
    ["router", "the host has another use"],
    ["class", "code has another use"],
    ["await", "code has another use"],
    ["let", "code has another use"],
    ["env", "code has another use"],
    ["health", "the router has another use"],
  ])("%j, and says why", (name, why) => {
    expect(nameFault(root, name)).toContain(why);
  });

  test("every word that a schema cannot be called by without quotes", async () => {
    const sql = postgres(process.env.TRIVET_TEST_DATABASE_URL ?? "", { max: 1 });
    try {
      const rows = await sql<{ word: string }[]>`SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')`;
      const words = rows.map(({ word }) => word).filter((word) => /^[a-z]{2,20}$/.test(word));
      expect(words.length).toBeGreaterThan(90);
      expect(words.filter((word) => nameFault(root, word) === undefined)).toEqual([]);
    } finally {
      await sql.end();
    }
  });
});
