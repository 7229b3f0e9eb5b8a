import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bootstrap,
  type MigrationTarget,
  migrateDown,
  migrateUp,
  migrationStatus,
  parseMigrations,
  serviceUrl,
  snapshotSchema,
} from "../../src/migrations/index.ts";
import { type Scratch, scratchDatabase } from "../scratch.ts";

let scratch: Scratch;

beforeAll(async () => {
  scratch = await scratchDatabase();
});

afterAll(() => scratch.drop());

type Texts = Record<string, [up: string, down: string]>;

const texts: Texts = {
  "0001_people": [
    `create type mood as enum ('good', 'bad');
     create table people (id int primary key, name text not null default 'x', mood mood);
     comment on table people is 'Everybody';`,
    "drop table people; drop type mood;",
  ],
  "0002_names": ["create index people_name_idx on people (lower(name));", "drop index people_name_idx;"],
  "0003_ages": [
    `alter table people add column age int check (age > 0);
     create function grown() returns trigger language plpgsql as $$ begin return new; end $$;
     create trigger grown before insert on people for each row execute function grown();`,
    "drop trigger grown on people; drop function grown; alter table people drop column age;",
  ],
};

const files = (from: Texts) =>
  Object.entries(from).flatMap(([name, [up, down]]) => [
    { name: `${name}.up.sql`, text: up },
    { name: `${name}.down.sql`, text: down },
  ]);

async function target(service: string, from: Texts): Promise<MigrationTarget> {
  await bootstrap(scratch.url, service, []);
  return { url: await serviceUrl(scratch.url, service), service, migrations: parseMigrations(service, files(from)) };
}

const names = Object.keys(texts);
const states = async (of: MigrationTarget) => (await migrationStatus(of)).map(({ name, state }) => `${name} ${state}`);

describe("migrateUp and migrateDown", () => {
  test("apply what is pending as the service's own role, and tell what is", async () => {
    const shop = await target("shop", texts);
    expect(await states(shop)).toEqual(names.map((name) => `${name} pending`));
    expect(await migrateUp(shop)).toEqual(names);
    expect(await migrateUp(shop)).toEqual([]);
    const status = await migrationStatus(shop);
    expect(status.map(({ state }) => state)).toEqual(["applied", "applied", "applied"]);
    expect(status[0]?.appliedAt).toBeInstanceOf(Date);
    const [table] =
      await scratch.sql`select tableowner from pg_tables where schemaname = 'shop' and tablename = 'people'`;
    expect(table?.tableowner).toBe(`${scratch.name}_shop`);
  });

  test("up, down, up leaves the same schema, and all the way down leaves nothing", async () => {
    const round = await target("round", texts);
    const empty = await snapshotSchema(scratch.url, "round");
    await migrateUp(round);
    const first = await snapshotSchema(scratch.url, "round");
    expect(await migrateDown(round, 2)).toEqual(["0003_ages", "0002_names"]);
    expect(await states(round)).toEqual(["0001_people applied", "0002_names pending", "0003_ages pending"]);
    expect(await migrateUp(round)).toEqual(["0002_names", "0003_ages"]);
    expect(await snapshotSchema(scratch.url, "round")).toEqual(first);
    expect(await migrateDown(round, Number.POSITIVE_INFINITY)).toEqual(names.toReversed());
    expect(await snapshotSchema(scratch.url, "round")).toEqual(empty);
    await migrateUp(round);
    expect(await snapshotSchema(scratch.url, "round")).toEqual(first);
    expect(first.functions).toHaveLength(1);
    expect(first.triggers).toHaveLength(1);
  });

  test("processes that start at once apply each migration once between them", async () => {
    const race = await target("race", texts);
    const applied = await Promise.all(Array.from({ length: 6 }, () => migrateUp(race)));
    expect(applied.flat().toSorted()).toEqual(names);
    expect(await states(race)).toEqual(names.map((name) => `${name} applied`));
  });

  test("a migration that fails leaves nothing of itself, and the ones before it", async () => {
    const broken = await target("broken", {
      ...texts,
      "0002_names": [
        "create table half ();\ncreate table oops (\n  id int,\n  nonsense nothing\n);",
        "drop table half;",
      ],
    });
    await expect(migrateUp(broken)).rejects.toThrow(
      /^drizzle\/broken\/0002_names\.up\.sql failed at line 4: type "nothing" does not exist\.$/,
    );
    expect(await states(broken)).toEqual(["0001_people applied", "0002_names pending", "0003_ages pending"]);
    expect(await scratch.sql`select to_regclass('broken.half') as half`).toEqual([{ half: null }]);
  });

  test("a role of an operator's own need not have a schema yet", async () => {
    const role = `${scratch.name}_own`;
    await scratch.sql.unsafe(
      `create role ${role} login password 'own'; grant create on database ${scratch.name} to ${role}`,
    );
    const url = new URL(scratch.url);
    url.username = role;
    url.password = "own";
    const own = { url: url.href, service: "own", migrations: parseMigrations("own", files(texts)) };
    expect(await migrateUp(own)).toEqual(names);
    expect(await scratch.sql`select count(*)::int as n from own.people`).toEqual([{ n: 0 }]);
  });

  test("says who cannot be reached", async () => {
    const nowhere = { url: "postgres://x@127.0.0.1:1/db", service: "shop", migrations: [] };
    await expect(migrateUp(nowhere)).rejects.toThrow("Cannot reach the database db at 127.0.0.1:1 (ECONNREFUSED).");
  });
});

describe("the set of applied migrations", () => {
  const onDisk = (of: MigrationTarget, from: Texts): MigrationTarget => ({
    ...of,
    migrations: parseMigrations(of.service, files(from)),
  });

  test("one that is missing on disk is refused, both ways", async () => {
    const shop = await target("missing", texts);
    await migrateUp(shop);
    const { "0003_ages": _, ...fewer } = texts;
    const behind = onDisk(shop, fewer);
    expect(await states(behind)).toContain("0003_ages missing");
    const sentence = /^0003_ages is applied to missing but not on disk\. Bring drizzle\/missing\/0003_ages\.up\.sql/;
    await expect(migrateUp(behind)).rejects.toThrow(sentence);
    await expect(migrateDown(behind, 1)).rejects.toThrow(sentence);
  });

  test("one that was changed afterwards is refused", async () => {
    const shop = await target("changed", texts);
    await migrateUp(shop);
    const edited = onDisk(shop, { ...texts, "0002_names": ["select 1;", "select 1;"] });
    expect(await states(edited)).toContain("0002_names changed");
    await expect(migrateUp(edited)).rejects.toThrow(
      /0002_names\.up\.sql was changed after it was applied\. Put its text back/,
    );
  });

  test("one that comes before an applied one is refused", async () => {
    const shop = await target("late", texts);
    await migrateUp(shop);
    await scratch.sql`delete from late.migrations where name = '0002_names'`;
    expect(await states(shop)).toContain("0002_names out of order");
    await expect(migrateUp(shop)).rejects.toThrow(/0002_names is not applied but older than 0003_ages, .* Renumber it/);
  });
});

describe("snapshotSchema", () => {
  test.each([
    ["a default", "alter table people alter column name set default 'y'"],
    ["a column's type", "alter table people alter column id type bigint"],
    ["nullability", "alter table people alter column name drop not null"],
    ["a constraint", "alter table people add constraint named check (name <> '')"],
    ["an index", "create index on people (name)"],
    [
      "a function's body",
      "create or replace function grown() returns trigger language plpgsql as $$ begin return null; end $$",
    ],
    ["a trigger that is off", "alter table people disable trigger grown"],
    ["a sequence", "create sequence numbers"],
    ["a view", "create view names as select name from people"],
    ["a comment", "comment on column people.name is 'new'"],
    ["a grant", "grant select on people to public"],
    ["an owner", "alter table people owner to current_user"],
    ["a type's values", "alter type mood add value 'mixed'"],
    [
      "the order of columns",
      "alter table people drop column name; alter table people add column name text not null default 'x'",
    ],
    ["a policy", "create policy mine on people using (true)"],
    ["row security", "alter table people enable row level security"],
  ])("tells %s", async (_, change) => {
    const service = "told";
    const told = await target(service, texts);
    await migrateUp(told);
    const before = await snapshotSchema(scratch.url, service);
    await scratch.sql.begin(async (tx) => {
      await tx.unsafe(`set local search_path = ${service}; ${change}`);
    });
    expect(await snapshotSchema(scratch.url, service)).not.toEqual(before);
    await scratch.sql`drop schema ${scratch.sql(service)} cascade`;
  });
});
