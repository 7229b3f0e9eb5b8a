import { getUserCount } from "@trivet/contracts";
import { createWorker, defineService, routesFor, serviceEnv } from "@trivet/http";
import type { ServiceBinding } from "@trivet/platform";
import { type Service, serviceSettings, startService } from "@trivet/testing";
import type postgres from "postgres";
import worker from "../../src/worker.ts";

export interface Person {
  id: string;
  token: string;
}

/** The analytics service by itself; users answers from memory over the real contract. */
export interface AnalyticsSystem extends Service {
  /** What the users service answers; undefined while it is down. */
  users: { count: number | undefined };
  /** Cuts the service off from its database while `effect` runs: its connections break and no other is let in. */
  withoutDatabase(effect: () => Promise<void>): Promise<void>;
}

export const siteKey = "blog-site-key-0001";
export const siteOrigin = "https://blog.example.com";

export async function startAnalytics(): Promise<AnalyticsSystem> {
  const users = { count: 3 as number | undefined };
  const service = await startService("analytics", worker, {
    ANALYTICS_SITES: JSON.stringify([{ name: "blog", key: siteKey, origins: [siteOrigin] }]),
    ANALYTICS_RETENTION_DAYS: "30",
    USERS: usersStandIn(users),
  });
  return { ...service, users, withoutDatabase: (effect) => cutOff(service.sql, effect) };
}

/** Of this database alone, as those of other tests belong to the same role. */
async function cutOff(sql: postgres.Sql, effect: () => Promise<void>): Promise<void> {
  const [about] = await sql<{ database: string; role: string }[]>`
    select current_database() as database, rolname as role
    from pg_namespace join pg_roles on pg_roles.oid = nspowner where nspname = 'analytics'`;
  if (!about) throw new Error("There is no schema analytics.");
  await sql`alter database ${sql(about.database)} connection limit 0`;
  try {
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where usename = ${about.role} and datname = ${about.database}`;
    await effect();
  } finally {
    await sql`alter database ${sql(about.database)} connection limit -1`;
  }
}

function usersStandIn(users: { count: number | undefined }): ServiceBinding {
  const { serve } = routesFor<object>();
  const routes = [serve(getUserCount, async () => ({ count: users.count ?? 0 }))];
  const standIn = createWorker(
    defineService({ name: "users", version: "0.0.0", summary: "", env: serviceEnv, deps: () => ({}), routes }),
  );
  return {
    fetch: async (request) => {
      if (users.count === undefined) throw new Error("connect ECONNREFUSED");
      return await standIn.fetch(request, serviceSettings, { waitUntil: () => {} });
    },
  };
}
