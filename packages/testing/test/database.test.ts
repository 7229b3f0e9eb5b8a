import { describe, expect, test } from "vitest";
import { createTestDatabase } from "../src/database/create-test-database.ts";
import { asAdmin } from "../src/database/test-server.ts";

describe("a test database", () => {
  test("belongs to one test alone, and is gone afterwards", async () => {
    const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    const url = one.urls.auth ?? "";
    await asAdmin(url, (sql) => sql`CREATE TABLE auth.mine (id int)`);
    const seen = await asAdmin(other.urls.auth ?? "", (sql) => sql`SELECT to_regclass('auth.mine') AS table`);
    expect(seen).toEqual([{ table: null }]);
    await Promise.all([one.drop(), other.drop()]);
    await expect(asAdmin(url, (sql) => sql`SELECT 1`)).rejects.toThrow(/does not exist/);
  });

  test("lets each service's role into its own schema only", async () => {
    const database = await createTestDatabase();
    const asUsers = (text: string) => asAdmin(database.urls.users ?? "", (sql) => sql.unsafe(text));
    await expect(asUsers("SELECT * FROM auth.users")).rejects.toThrow(/permission denied/);
    await expect(asUsers("CREATE TABLE auth.mine (id int)")).rejects.toThrow(/permission denied/);
    expect(await asUsers("SELECT current_schema() AS schema")).toEqual([{ schema: "users" }]);
    await database.drop();
  });
});
