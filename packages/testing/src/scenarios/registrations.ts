import { z } from "zod";
import type { Client } from "../client.ts";

/** How many people registered, as the parts of a system that nobody else uses tell it; undefined while one is down. */
export interface Counts {
  /** By users, where analytics asks. */
  registered: number | null;
  /** By the log of events. */
  logged: number;
  /** By analytics: announcements, and whom they are about. */
  events: number;
  people: number;
}

const stats = z.object({ events: z.number(), uniqueUsers: z.number(), registeredUsers: z.number().nullable() });

export async function readCounts(api: Client, admin: string): Promise<Counts | undefined> {
  // Asked by source, because rollups are up to a minute behind.
  const { status, body } = await api.get("/analytics/stats?event=user.created&breakdown=source", admin);
  if (status !== 200) return undefined;
  const { events, uniqueUsers: people, registeredUsers: registered } = stats.parse(body);
  return { registered, logged: (await loggedRegistrations(api, admin)).length, events, people };
}

const page = z.object({ items: z.array(z.object({ subject: z.string(), trace_id: z.string() })) });

/** What the log of events has of registrations: at most a hundred. */
export async function loggedRegistrations(api: Client, admin: string) {
  const { body } = await api.get("/events?event=user.created&limit=100", admin);
  return page.parse(body).items;
}
