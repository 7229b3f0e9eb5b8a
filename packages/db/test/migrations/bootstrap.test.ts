import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootstrap, serviceUrl } from "../../src/migrations/index.ts";
import { changed, type Scratch, scratchDatabase } from "../scratch.ts";

let scratch: Scratch;

beforeAll(async () => {
  scratch = await scratchDatabase();
});

afterAll(() => scratch.drop());

async function as<T>(url: string, use: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await use(sql);
  } finally {
    await sql.end();
  }
}

const denied = { code: "42501" };

describe("serviceUrl", () => {
  test("follows from the administrator's URL, and is another one for each service and password", async () => {
    const admin = "postgres://admin:p%40ss@db.example:6432/app?sslmode=require&pool_max=4";
    const users = new URL(await serviceUrl(admin, "users"));
    expect(users.href).toBe(await serviceUrl(admin, "users"));
    expect([users.username, users.host, users.pathname, users.search]).toEqual([
      "app_users",
      "db.example:6432",
      "/app",
      "?sslmode=require&pool_max=4",
    ]);
    expect(users.password).toMatch(/^[\w-]{43}$/);
    const passwords = [admin, admin.replace("p%40ss", "other"), admin.replace(":p%40ss", "")].map(
      async (url) => new URL(await serviceUrl(url, "users")).password,
    );
    const auth = new URL(await serviceUrl(admin, "auth")).password;
    expect(new Set([...(await Promise.all(passwords)), auth]).size).toBe(4);
  });

  test("gives way to an URL that an operator names", async () => {
    expect(await serviceUrl("postgres://admin@db/app", "users", "postgres://own@elsewhere/db")).toBe(
      "postgres://own@elsewhere/db",
    );
  });

  test("refuses in a sentence what cannot work, and keeps the password to itself", async () => {
    await expect(serviceUrl("mysql://admin:canary@db/app", "users")).rejects.toThrow(/^DATABASE_URL should look like/);
    await expect(serviceUrl("postgres:///app", "users")).rejects.toThrow(/^DATABASE_URL should look like/);
    await expect(serviceUrl("postgres:canary", "users")).rejects.not.toThrow(/canary/);
    await expect(serviceUrl(`postgres://admin@db/${"x".repeat(60)}`, "users")).rejects.toThrow(/longer than 63 bytes/);
  });
});

describe("bootstrap", () => {
  test("may be repeated, and run by many processes at once", async () => {
    await Promise.all(
      ["one", "two"].flatMap((service) => [1, 2, 3, 4].map(() => bootstrap(scratch.url, service, ["pg_trgm"]))),
    );
    await bootstrap(scratch.url, "one", []);
    const url = await serviceUrl(scratch.url, "one");
    expect(await as(url, (sql) => sql`select current_user::text as name`)).toEqual([{ name: `${scratch.name}_one` }]);
  });

  test("keeps what an operator has set on the role", async () => {
    await scratch.sql`alter role ${scratch.sql(`${scratch.name}_one`)} set statement_timeout = '9s'`;
    await bootstrap(scratch.url, "one", []);
    const url = await serviceUrl(scratch.url, "one");
    expect(await as(url, (sql) => sql`show statement_timeout`)).toEqual([{ statement_timeout: "9s" }]);
    expect(await as(url, (sql) => sql`show idle_in_transaction_session_timeout`)).toEqual([
      { idle_in_transaction_session_timeout: "10s" },
    ]);
  });

  test("gives a role its own schema, found by plain names, with the operators of its extensions", async () => {
    await bootstrap(scratch.url, "one", ["pg_trgm"]);
    await as(await serviceUrl(scratch.url, "one"), async (sql) => {
      await sql`create table things (id int)`;
      await sql`insert into one.things values (1)`;
      expect(await sql`select * from things`).toEqual([{ id: 1 }]);
      expect(await sql`select similarity('abc', 'abc') as one`).toEqual([{ one: 1 }]);
    });
  });

  test("leaves a role no way out of its schema", async () => {
    await scratch.sql`create table if not exists one.secrets (id int)`;
    await as(await serviceUrl(scratch.url, "two"), async (sql) => {
      for (const statement of [
        "select * from one.secrets",
        "insert into one.secrets values (1)",
        "update one.secrets set id = 2",
        "delete from one.secrets",
        "drop table one.secrets",
        "create table one.mine ()",
        "create table public.mine ()",
        "create temporary table mine ()",
        "create schema mine",
        "create role mine",
        "create database mine",
        "create extension hstore",
        "alter schema one owner to current_user",
        `set role "${scratch.name}_one"`,
        "set session authorization default; set role postgres",
        "alter role current_user superuser",
        "alter role current_user createrole",
        "select pg_read_file('/etc/passwd')",
        "copy (select 1) to program 'true'",
        "select rolpassword from pg_authid",
      ]) {
        await expect(sql.unsafe(statement), statement).rejects.toMatchObject(denied);
      }
      const [role] = await sql`
        select rolsuper, rolcreatedb, rolcreaterole, rolinherit, rolreplication, rolbypassrls,
          (select count(*)::int from pg_auth_members where member = r.oid) as memberships
        from pg_roles r where rolname = current_user`;
      expect(role).toEqual({
        rolsuper: false,
        rolcreatedb: false,
        rolcreaterole: false,
        rolinherit: false,
        rolreplication: false,
        rolbypassrls: false,
        memberships: 0,
      });
    });
  });

  test("takes back what somebody granted PUBLIC", async () => {
    await scratch.sql.unsafe(`
      grant all on schema one to public; grant create on schema public to public;
      grant create, temporary on database ${scratch.name} to public`);
    await bootstrap(scratch.url, "one", []);
    await as(await serviceUrl(scratch.url, "two"), async (sql) => {
      for (const statement of [
        "create table one.a ()",
        "create table public.a ()",
        "create temporary table a ()",
        "create schema a",
      ]) {
        await expect(sql.unsafe(statement), statement).rejects.toMatchObject(denied);
      }
    });
  });

  test("refuses a role that may too much, and a schema that is somebody else's", async () => {
    await scratch.sql.unsafe(`create role ${scratch.name}_mighty login createdb; create schema taken`);
    await expect(bootstrap(scratch.url, "mighty", [])).rejects.toThrow(
      /_mighty has CREATEDB, which no service may have/,
    );
    await expect(bootstrap(scratch.url, "taken", [])).rejects.toThrow(
      /The schema taken belongs to .* ALTER SCHEMA "taken"/,
    );
    const [role] = await scratch.sql`select 1 from pg_roles where rolname = ${`${scratch.name}_taken`}`;
    expect(role).toBeUndefined();
  });

  test("says which extension the server lacks, and who cannot be reached", async () => {
    await expect(bootstrap(scratch.url, "one", ["no_such_extension"])).rejects.toThrow(/lacks .*no_such_extension/);
    const nowhere = changed(scratch.url, (url) => (url.port = "1"));
    await expect(bootstrap(nowhere, "one", [])).rejects.toThrow(
      /^Cannot reach the database \w+ at [\w.]+:1 \(ECONNREFUSED\)/,
    );
  });
});

describe("bootstrap by an administrator who is no superuser", () => {
  const login = async (name: string, attributes: string): Promise<string> => {
    const role = `${scratch.name}_${name}`;
    await scratch.sql.unsafe(`create role ${role} login password 'limited' ${attributes}`);
    return changed(scratch.url, (url) => {
      url.username = role;
      url.password = "limited";
    });
  };

  test("works with CREATEROLE and the database, and is repeatable", async () => {
    const admin = await login("owner", "createrole");
    const other = await scratchDatabase();
    try {
      await other.sql.unsafe(`alter database ${other.name} owner to ${scratch.name}_owner`);
      const url = changed(admin, (copy) => (copy.pathname = `/${other.name}`));
      await bootstrap(url, "three", ["pg_trgm"]);
      await bootstrap(url, "three", ["pg_trgm"]);
      await bootstrap(url, "four", []);
      await as(await serviceUrl(url, "three"), async (sql) => {
        await sql`create table things (name text)`;
        await sql`create index on things using gin (name gin_trgm_ops)`;
        await expect(sql`create table four.mine ()`).rejects.toMatchObject(denied);
        await expect(sql`create table public.mine ()`).rejects.toMatchObject(denied);
      });
    } finally {
      await other.drop();
    }
  });

  test("says in a sentence what he lacks", async () => {
    const powerless = await login("powerless", "");
    await expect(bootstrap(powerless, "five", [])).rejects.toThrow(
      /_powerless of DATABASE_URL may not set up the role .*_five .*Use a superuser, or a role with CREATEROLE that owns/,
    );
    const stranger = await login("stranger", "createrole");
    await expect(bootstrap(stranger, "six", [])).rejects.toThrow(/may not set up the role|Make it the owner/);
    const roles = await scratch.sql`
      select 1 from pg_roles where rolname in (${`${scratch.name}_five`}, ${`${scratch.name}_six`})`;
    expect(roles).toEqual([]);
  });
});
