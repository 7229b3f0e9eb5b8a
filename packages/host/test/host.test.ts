import { createServer } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { ConfigurationError, type Host, type HostOptions, PortTakenError, startHost } from "../src/index.ts";
import { helloWorker, toml, writeRoot } from "./fixtures/root.ts";

async function start(root: string, options: Partial<HostOptions> = {}): Promise<Host> {
  const host = await startHost({ root, env: {}, port: 0, logs: false, ...options });
  onTestFinished(() => host.stop().then(() => undefined));
  return host;
}

async function faultsOf(files: Record<string, string>, options: Partial<HostOptions> = {}): Promise<readonly string[]> {
  const refused = await start(writeRoot(files), options).catch((error: unknown) => error);
  if (!(refused instanceof ConfigurationError)) throw new Error("Expected a ConfigurationError", { cause: refused });
  return refused.faults;
}

const callsUsers =
  'export default { fetch: (request, env) => env.USERS.fetch(new Request("http://users/from-router", request)) };';
const tellsItsEnv =
  "export default { fetch: (request, env) => Response.json({ path: new URL(request.url).pathname, names: Object.keys(env).sort(), db: env.DB?.connectionString }) };";

const pair = {
  "wrangler.toml": toml("app-router", '[dev]\nport = 8787\n[[services]]\nbinding = "USERS"\nservice = "app-users"\n'),
  "worker.mjs": callsUsers,
  "workers/users/wrangler.toml": toml("app-users", '[vars]\nCOLOUR = "red"\n'),
  "workers/users/worker.mjs": tellsItsEnv,
};

describe("startHost", () => {
  test("with the router: one port, siblings in the process", async () => {
    const host = await start(writeRoot(pair));
    expect(host.services).toEqual([
      { name: "router", url: host.url, paths: ["/"] },
      { name: "users", url: host.url, paths: ["/users"] },
    ]);
    expect(await (await fetch(host.url)).json()).toEqual({ path: "/from-router", names: ["COLOUR"] });
  });

  test("a secret that was made for who requires it is given to who can do without it, and one that nobody requires is not made", async () => {
    const tellsItsKeys = `export default {
      fetch: (request, { VAULT_KEY, OTHER_KEY, USERS }) =>
        USERS ? USERS.fetch(request).then(async (theirs) => Response.json({ VAULT_KEY, OTHER_KEY, theirs: await theirs.text() }))
              : new Response(VAULT_KEY),
      [Symbol.for("trivet.optionalSecrets")]: ["VAULT_KEY", "OTHER_KEY"],
    };`;
    const host = await start(
      writeRoot({
        ...pair,
        "worker.mjs": tellsItsKeys,
        "workers/users/worker.mjs": tellsItsKeys,
        "workers/users/wrangler.toml": toml("app-users", '[secrets]\nrequired = ["VAULT_KEY"]\n'),
      }),
    );
    const { theirs, ...own } = Object(await (await fetch(host.url)).json());
    expect(theirs).toMatch(/^[\w-]{43}$/);
    expect(own).toEqual({ VAULT_KEY: theirs });
  });

  test("PUBLIC_URL follows to a port that the system chose, unless it is set", async () => {
    const url = '[vars]\nPUBLIC_URL = "http://localhost:8787"\n';
    const tells = "export default { fetch: (_, env) => new Response(env.PUBLIC_URL) };";
    const files = {
      ...pair,
      "workers/users/wrangler.toml": toml("app-users", url),
      "workers/users/worker.mjs": tells,
    };
    const host = await start(writeRoot(files));
    expect(await (await fetch(host.url)).text()).toBe(host.url);
    const named = await start(writeRoot(files), { env: { PUBLIC_URL: "http://dev.test" } });
    expect(await (await fetch(named.url)).text()).toBe("http://dev.test");
  });

  test("split: each process serves its own, and finds the other by its URL or by the template", async () => {
    const root = writeRoot(pair);
    const users = await start(root, { services: ["users"] });
    expect(users.services).toEqual([{ name: "users", url: users.url, paths: ["/users"] }]);
    const byUrl = await start(root, { services: ["router"], env: { USERS_URL: users.url } });
    const template = users.url.replace("localhost", "127.0.0.1");
    const byTemplate = await start(root, { services: ["router"], env: { SERVICE_URL_TEMPLATE: template } });
    for (const router of [byUrl, byTemplate]) {
      expect(await (await fetch(router.url)).json()).toMatchObject({ path: "/from-router" });
    }
  });

  test("a database binding is the service's own role, from the administrator's URL or its own", async () => {
    const files = {
      "workers/users/wrangler.toml": toml("app-users", '[[hyperdrive]]\nbinding = "DB"\nid = "0"\n'),
      "workers/users/worker.mjs": tellsItsEnv,
    };
    const connection = async (env: Record<string, string>): Promise<string> => {
      const host = await start(writeRoot(files), { env });
      const told: unknown = await (await fetch(host.url)).json();
      return typeof told === "object" && told !== null && "db" in told ? String(told.db) : "";
    };
    const derived = await connection({ DATABASE_URL: "postgres://admin:secret@db.internal:5432/trivet" });
    expect(derived).toMatch(/^postgres:\/\/trivet_users:[\w-]{43}@db\.internal:5432\/trivet$/);
    expect(derived).not.toContain("secret");
    const own = "postgres://u:p@elsewhere/users";
    expect(await connection({ DATABASE_URL: "postgres://x@y/z", DATABASE_URL_USERS: own })).toBe(own);
  });

  test("a service that runs alone checks its database too", async () => {
    const files = {
      "workers/a/wrangler.toml": toml("a", '[[hyperdrive]]\nbinding = "DB"\nid = "0"\n'),
      "workers/a/worker.mjs": helloWorker,
    };
    expect(await faultsOf(files)).toEqual([expect.stringContaining("set DATABASE_URL, or DATABASE_URL_A")]);
    expect(await faultsOf(files, { env: { DATABASE_URL: "mysql://x" } })).toEqual([
      expect.stringMatching(/^DATABASE_URL is not a URL/),
    ]);
  });

  test("every fault of every kind is told in one message", async () => {
    const checks =
      'export default { fetch: () => new Response(), [Symbol.for("trivet.checkEnv")]: (env) => [...(env.KEY ? [] : ["KEY is required"]), "LIMIT must be a number"] };';
    const refused = await start(
      writeRoot({
        "wrangler.toml": toml(
          "app-router",
          '[[services]]\nbinding = "USERS"\nservice = "app-users"\n[[kv_namespaces]]\nbinding = "KV"\n',
        ),
        "worker.mjs": callsUsers,
        "workers/users/wrangler.toml": toml("app-users"),
        "workers/posts/wrangler.toml": toml(
          "app-posts",
          '[vars]\nLIMIT = "x"\n[secrets]\nrequired = ["KEY"]\n[[hyperdrive]]\nbinding = "DB"\nid = "0"\n',
        ),
        "workers/posts/worker.mjs": checks,
      }),
      {
        services: ["posts", "router", "nobody"],
        port: undefined,
        env: {
          TRIVET_ENV: "production",
          PORT: "http",
          LOG_LEVEL: "loud",
          TRUSTED_PROXIES: "everyone",
          DRAIN_TIMEOUT: "-1",
        },
      },
    ).catch((error: unknown) => error);
    if (!(refused instanceof ConfigurationError)) throw refused;
    for (const part of [
      "wrangler.toml: `kv_namespaces`",
      "workers/users/wrangler.toml: `main` names",
      "There is no service nobody",
      "KEY is missing",
      "posts: LIMIT must be a number",
      "set USERS_URL or SERVICE_URL_TEMPLATE",
      "set DATABASE_URL, or DATABASE_URL_POSTS",
      'PORT is "http"',
      'LOG_LEVEL is "loud"',
      'TRUSTED_PROXIES holds "everyone"',
      'DRAIN_TIMEOUT is "-1"',
    ]) {
      expect(
        refused.faults.filter((fault) => fault.includes(part)),
        part,
      ).toHaveLength(1);
      expect(refused.message).toContain(part);
    }
    expect(refused.faults.filter((fault) => fault.includes("KEY"))).toHaveLength(1);
    expect(refused.faults).toHaveLength(11);
  });

  test("a variable of several services is told once, with the names of those it is of", async () => {
    const checks =
      'export default { fetch: () => new Response(), [Symbol.for("trivet.checkEnv")]: () => ["SITE must be one", "SITE is bad", "LOG_LEVEL is bad"] };';
    const files = {
      "wrangler.toml": toml("router"),
      "worker.mjs": checks,
      "workers/users/wrangler.toml": toml("users"),
      "workers/users/worker.mjs": checks,
    };
    expect(await faultsOf(files, { env: { LOG_LEVEL: "loud" } })).toEqual([
      expect.stringMatching(/^LOG_LEVEL is "loud"/),
      "router, users: SITE must be one",
    ]);
  });

  test("the address of a service is judged also where the service runs in the process", async () => {
    expect(await faultsOf(pair, { env: { USERS_URL: "ftp://users" } })).toEqual([
      expect.stringMatching(/^USERS_URL is not an address like http:/),
    ]);
  });

  test("PORT cannot stand for the ports of several services", async () => {
    const files = {
      "workers/a/wrangler.toml": toml("a"),
      "workers/a/worker.mjs": helloWorker,
      "workers/b/wrangler.toml": toml("b"),
      "workers/b/worker.mjs": helloWorker,
    };
    expect(await faultsOf(files, { port: undefined, env: { PORT: "3000" } })).toEqual([
      expect.stringContaining("a, b need one each"),
    ]);
    expect(await faultsOf(files, { port: undefined })).toHaveLength(2);
  });

  test("a taken port is one sentence: which, by whom, and what to do", async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void holder.close());
    const address = holder.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const refused = await start(writeRoot(pair), { port }).catch((error: unknown) => error);
    if (!(refused instanceof PortTakenError)) throw refused;
    expect(refused.message).toContain(`Port ${port} is already taken`);
    if (process.platform === "linux") expect(refused.message).toContain(`process ${process.pid} (`);
    expect(refused.message).toContain(`PORT=${port + 1} npm start`);
  });

  test("a module that is no Worker is refused by its path", async () => {
    const root = writeRoot({ "wrangler.toml": toml("app"), "worker.mjs": "export const fetch = 1;" });
    await expect(start(root)).rejects.toThrow(/worker\.mjs does not export a Worker/);
  });

  test("stop may be asked for twice", async () => {
    const host = await start(writeRoot(pair));
    expect(await Promise.all([host.stop(), host.stop()])).toEqual([true, true]);
    await expect(fetch(host.url)).rejects.toThrow();
  });

  test("what a service keeps is opened once and closed when the host stops", async () => {
    const keeps = `export default { async fetch(request, env) {
      const open = () => ({ opened: (globalThis.opened = (globalThis.opened ?? 0) + 1) });
      const kept = env.DB.keep(open, async () => { globalThis.closed = (globalThis.closed ?? 0) + 1; });
      return Response.json(kept);
    } };`;
    const files = {
      "workers/a/wrangler.toml": toml("a", '[[hyperdrive]]\nbinding = "DB"\nid = "0"\n'),
      "workers/a/worker.mjs": keeps,
    };
    const host = await start(writeRoot(files), { databaseUrl: "postgres://x@y/z" });
    const asked = [await fetch(host.url), await fetch(host.url)];
    expect(await Promise.all(asked.map((response) => response.json()))).toEqual([{ opened: 1 }, { opened: 1 }]);
    await host.stop();
    expect(Reflect.get(globalThis, "closed")).toBe(1);
  });
});

describe("crons", () => {
  const database = "postgres://x@y/z";
  const scheduled = (crons: string) =>
    `export default { fetch: () => new Response(), scheduled() {}, [Symbol.for("trivet.handledCrons")]: ${crons} };`;
  const faultsWith = (worker: string): Promise<readonly string[]> =>
    faultsOf(
      {
        "workers/a/wrangler.toml": toml("a", '[triggers]\ncrons = ["0 * * * *", "5 * * * *"]\n'),
        "workers/a/worker.mjs": worker,
      },
      { databaseUrl: database },
    );

  test("need a Worker that handles scheduled events, and a database to share them by", async () => {
    expect(await faultsWith(helloWorker)).toEqual([
      "workers/a/wrangler.toml: `triggers.crons` needs a Worker with `scheduled`",
    ]);
    const files = {
      "workers/a/wrangler.toml": toml("a", '[triggers]\ncrons = ["0 * * * *"]\n'),
      "workers/a/worker.mjs": scheduled('["0 * * * *"]'),
    };
    expect(await faultsOf(files)).toEqual([expect.stringContaining("`triggers` needs a database: set DATABASE_URL")]);
  });

  test("are the same in the manifest and in the service", async () => {
    expect(await faultsWith(scheduled('["5 * * * *", "7 * * * *"]'))).toEqual([
      expect.stringContaining('`triggers.crons` has "0 * * * *", for which the service has no handler'),
      expect.stringContaining('`triggers.crons` lacks "7 * * * *", which the service handles'),
    ]);
  });
});
