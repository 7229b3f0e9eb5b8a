import { getUserCount } from "@trivet/contracts";
import { createWorker, defineService, routesFor, serviceEnv } from "@trivet/http";
import type { ServiceBinding } from "@trivet/platform";
import { type Service, serviceSettings, startService } from "@trivet/testing";
import worker from "../../src/worker.ts";

export interface Person {
  id: string;
  token: string;
}

/** The analytics service by itself; users answers from memory over the real contract. */
export interface AnalyticsSystem extends Service {
  /** What the users service answers; undefined while it is down. */
  users: { count: number | undefined };
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
  return { ...service, users };
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
