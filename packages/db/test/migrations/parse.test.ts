import { describe, expect, test } from "vitest";
import { type MigrationFile, parseMigrations } from "../../src/migrations/index.ts";

const pair = (name: string, up = "select 1;", down = "select 2;"): MigrationFile[] => [
  { name: `${name}.up.sql`, text: up },
  { name: `${name}.down.sql`, text: down },
];

const parse = (...files: MigrationFile[]) => parseMigrations("shop", files);

describe("parseMigrations", () => {
  test("puts pairs in order, whatever order they come in", () => {
    const migrations = parse(...pair("0002_b"), ...pair("0001_a", "create table a ();", "drop table a;"));
    expect(migrations.map(({ name }) => name)).toEqual(["0001_a", "0002_b"]);
    expect(migrations[0]).toMatchObject({ up: "create table a ();", down: "drop table a;", extensions: [] });
    expect(parse()).toEqual([]);
  });

  test("a checkout with other line ends is the same migration, another text is not, nor is the way back counted", () => {
    const [unix] = parse(...pair("0001_a", "select 1;\nselect 2;\n"));
    const [windows] = parse(...pair("0001_a", "select 1;\r\nselect 2;\r\n", "select 3;"));
    const [other] = parse(...pair("0001_a", "select 1;\nselect 3;\n"));
    expect(windows?.checksum).toBe(unix?.checksum);
    expect(other?.checksum).not.toBe(unix?.checksum);
  });

  test("reads the extensions that the head asks for, and only the head", () => {
    const text =
      "-- People.\n-- requires extension: pg_trgm\n\n-- requires extension: citext\nselect 1;\n-- requires extension: late\n";
    expect(parse(...pair("0001_a", text))[0]?.extensions).toEqual(["pg_trgm", "citext"]);
    expect(() => parse(...pair("0001_a", "-- requires extension: a;drop\n"))).toThrow(/no extension's name/);
  });

  test.each([
    ["a file with another name", [{ name: "1_a.sql", text: "" }], /shop\/1_a\.sql should be named like 0001_some_name/],
    ["no way back", [{ name: "0001_a.up.sql", text: "" }], /shop\/0001_a\.down\.sql is missing/],
    ["no way there", [{ name: "0001_a.down.sql", text: "" }], /shop\/0001_a\.up\.sql is missing/],
    [
      "a gap",
      [...pair("0001_a"), ...pair("0003_c")],
      /0003_c follows a gap\. The next migration should be number 0002/,
    ],
    ["a start above one", pair("0002_b"), /0002_b follows a gap\. .* 0001/],
    ["a number given twice", [...pair("0001_a"), ...pair("0001_b")], /0001_a and 0001_b have the same number/],
    ["a COMMIT", pair("0001_a", "create table a ();\n commit;"), /0001_a\.up\.sql says COMMIT\. Take it out/],
    ["a BEGIN on the way back", pair("0001_a", "", "Begin; drop table a;"), /0001_a\.down\.sql says BEGIN/],
  ])("refuses %s", (_, files, message) => {
    expect(() => parse(...files)).toThrow(message);
  });

  test("lets function bodies, texts and comments say what they like", () => {
    const text = `
      create function f() returns trigger language plpgsql as $body$ begin; commit; end $body$;
      -- ; commit;
      /* ; rollback; */
      insert into t values ('; commit;', $$; begin;$$);`;
    expect(parse(...pair("0001_a", text))).toHaveLength(1);
  });
});
