import { id, text, timeZone } from "@trivet/contracts";
import { queryInteger } from "@trivet/http";
import { z } from "zod";

/** Characters of an event's name, of its id, and of the name of a property. */
export const maxName = 100;
/** Characters of a string among the properties. */
export const maxText = 2_000;
/** Members of the properties in all, those of objects and arrays inside counted too. */
export const maxMembers = 250;
export const maxDepth = 5;
const maxEvents = 1_000;

const eventForm = {
  type: "object",
  required: ["name"],
  additionalProperties: false,
  properties: {
    name: { type: "string", minLength: 1, maxLength: maxName, description: "What happened", example: "page_view" },
    properties: {
      type: "object",
      additionalProperties: true,
      description: `Anything about it: up to ${maxMembers} members in ${maxDepth} levels, strings of up to ${maxText} characters. No personal data.`,
      example: { path: "/pricing" },
    },
    timestamp: {
      type: "string",
      format: "date-time",
      description:
        "When it happened, if not now: up to 7 days back. A clock that runs up to 5 minutes ahead is set to now.",
    },
    id: {
      type: "string",
      minLength: 1,
      maxLength: maxName,
      description: "The sender's own name for this event: what is sent again under it is counted once",
    },
  },
} as const;

/**
 * One event, as documents describe it. It is `unknown` to the contract: `ingest/read-event.ts` checks each by itself, so
 * that one that is wrong does not cost the others.
 */
const sentEvent = z.unknown().meta({ ...eventForm, type: "object" });

const sentEvents = z.array(sentEvent).min(1).max(maxEvents);

/** One event, or an array of them. */
export const eventOrEvents = z.union([
  sentEvents,
  z
    .unknown()
    .refine((value) => !Array.isArray(value))
    .meta({ ...eventForm, type: "object" }),
]);

export const eventBatch = z.strictObject({ events: sentEvents }).meta({ id: "EventBatch" });

export const siteQuery = z.object({
  site: text({ max: 64 }).optional().meta({ description: "The key of a site in ANALYTICS_SITES, in place of a token" }),
});

export const received = z
  .object({
    accepted: z.int().nonnegative().meta({ description: "Events that are stored now" }),
    duplicates: z.int().nonnegative().meta({ description: "Events whose id was here before" }),
    errors: z
      .array(
        z.object({
          index: z.int().nonnegative().meta({ description: "Which of the events, from 0" }),
          pointer: z.string().meta({ description: "RFC 6901 JSON pointer into that event" }),
          message: z.string(),
        }),
      )
      .meta({ description: "Events that were refused; the others are not affected" }),
  })
  .meta({ id: "EventsReceived" });

export type Received = z.output<typeof received>;

const instant = z.iso.datetime({ offset: true }).transform((value) => new Date(value));

const range = {
  from: instant
    .optional()
    .meta({ description: "Inclusive; 30 days before `to` unless given. A whole quarter of an hour" }),
  to: instant.optional().meta({ description: "Exclusive; now unless given" }),
  timeZone: timeZone
    .optional()
    .meta({ description: "IANA zone in which days, weeks and months begin; UTC unless given" }),
};

const scalar = z.union([z.string().max(maxText), z.number(), z.boolean(), z.null()]);

/** Equal to one of these, property by property. */
export const filters = z
  .record(text({ min: 1, max: maxName }), z.union([scalar, z.array(scalar).min(1).max(20)]))
  .refine((all) => Object.keys(all).length <= 10, { error: "must name at most 10 properties" });

export type Filters = z.output<typeof filters>;

const storable = (value: string): boolean => value.isWellFormed() && !/\\u0000/i.test(value);

const filtersText = z
  .string()
  .max(4_000)
  .transform((value, context): Filters => {
    const parsed = filters.safeParse(jsonOf(value));
    if (parsed.success && storable(value) && storable(JSON.stringify(parsed.data))) return parsed.data;
    context.addIssue({
      code: "custom",
      message: 'must be a JSON object of properties and values, such as {"path":"/"}',
    });
    return z.NEVER;
  })
  .meta({
    type: "string",
    description: 'Properties and the values they must have, as JSON: `{"plan":["pro","team"]}`',
  });

export const intervals = ["hour", "day", "week", "month"] as const;

export type Interval = (typeof intervals)[number];

const eventName = text({ min: 1, max: maxName });

export const statsQuery = z.object({
  ...range,
  event: eventName.optional().meta({ description: "Only events of this name" }),
  filters: filtersText.optional(),
  breakdown: text({ min: 1, max: maxName }).optional().meta({
    description: "`name`, `source`, or `property:<name>`: the values with the most events; `name` unless given",
  }),
  limit: queryInteger({ min: 1, max: 100 }).default(10).meta({ description: "Values in the breakdown" }),
});

export type StatsQuery = z.output<typeof statsQuery>;

export const timeseriesQuery = z.object({
  ...range,
  event: statsQuery.shape.event,
  filters: statsQuery.shape.filters,
  interval: z.enum(intervals).default("day"),
});

export type TimeseriesQuery = z.output<typeof timeseriesQuery>;

const counted = {
  events: z.int().nonnegative(),
  uniqueUsers: z.int().nonnegative().meta({ description: "Users and visitors told apart; see `uniqueUsersError`" }),
};

const about = {
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  timeZone: z.string(),
  basis: z.enum(["rollups", "events"]).meta({
    description: "`rollups` are up to a minute behind; `events` are asked where filters or properties are",
  }),
  uniqueUsersError: z.number().meta({ description: "Standard error of the unique users, relative; 0 when exact" }),
};

export const stats = z
  .object({
    ...about,
    ...counted,
    breakdown: z.object({
      by: z.string(),
      values: z.array(z.object({ value: z.string().nullable(), ...counted })),
    }),
    registeredUsers: z
      .int()
      .nonnegative()
      .nullable()
      .meta({ description: "Of the users service; null while it is down" }),
  })
  .meta({ id: "AnalyticsStats" });

export type Stats = z.output<typeof stats>;

export const timeseries = z
  .object({ ...about, interval: z.enum(intervals), points: z.array(z.object({ at: z.iso.datetime(), ...counted })) })
  .meta({ id: "AnalyticsTimeseries" });

export type Timeseries = z.output<typeof timeseries>;

export const performanceQuery = z.object({
  from: range.from,
  to: range.to,
  service: text({ min: 1, max: 63 }).optional(),
  limit: queryInteger({ min: 1, max: 500 }).default(100).meta({ description: "Routes, those with the most requests" }),
});

export type PerformanceQuery = z.output<typeof performanceQuery>;

const milliseconds = z.number().nonnegative();

export const performance = z
  .object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    items: z.array(
      z.object({
        ...{ service: z.string(), method: z.string(), route: z.string() },
        requests: z.int().nonnegative(),
        failures: z.int().nonnegative().meta({ description: "Answered with a status from 500 on" }),
        ...{ meanMs: milliseconds, p50Ms: milliseconds, p95Ms: milliseconds, p99Ms: milliseconds, maxMs: milliseconds },
      }),
    ),
  })
  .meta({ id: "ServicePerformance" });

export type Performance = z.output<typeof performance>;

export const realtime = z
  .object({
    activeUsers: z.int().nonnegative().meta({ description: "Users and visitors of the last five minutes" }),
    minutes: z
      .array(z.object({ at: z.iso.datetime(), ...counted }))
      .meta({ description: "The last half hour, the minute under way last" }),
    names: z
      .array(z.object({ value: z.string().nullable(), ...counted }))
      .meta({ description: "Of the last half hour" }),
  })
  .meta({ id: "RealtimeActivity" });

export type Realtime = z.output<typeof realtime>;

const step = z.strictObject({ event: eventName, filters: filters.optional() });

export const funnelQuestion = z
  .strictObject({
    from: z.iso.datetime({ offset: true }).optional(),
    to: z.iso.datetime({ offset: true }).optional(),
    steps: z.array(step).min(2).max(8),
  })
  .meta({ id: "FunnelQuestion" });

export type FunnelQuestion = z.output<typeof funnelQuestion>;

export const funnel = z
  .object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    steps: z.array(
      z.object({
        event: z.string(),
        uniqueUsers: z.int().nonnegative().meta({ description: "Who came as far as this step" }),
        share: z.number().min(0).max(1).meta({ description: "Of those who took the first step" }),
        medianSeconds: z.number().nonnegative().nullable().meta({ description: "Since the step before" }),
      }),
    ),
  })
  .meta({ id: "Funnel" });

export type Funnel = z.output<typeof funnel>;

export const retentionQuery = z.object({
  ...range,
  interval: z.enum(["day", "week", "month"]).default("day"),
  event: eventName.optional().meta({ description: "What makes somebody part of a cohort; anything unless given" }),
  returning: eventName.optional().meta({ description: "What counts as coming back; anything unless given" }),
});

export type RetentionQuery = z.output<typeof retentionQuery>;

export const retention = z
  .object({
    ...{ from: about.from, to: about.to, timeZone: about.timeZone },
    interval: z.enum(["day", "week", "month"]),
    cohorts: z.array(
      z.object({
        at: z.iso.datetime(),
        size: z.int().nonnegative(),
        returned: z
          .array(z.int().nonnegative())
          .meta({ description: "Of them, who came back in the interval itself, in the next one, and so on" }),
      }),
    ),
  })
  .meta({ id: "Retention" });

export type Retention = z.output<typeof retention>;

export const exportQuery = z.object({
  from: range.from,
  to: range.to,
  event: statsQuery.shape.event,
  filters: statsQuery.shape.filters,
});

export type ExportQuery = z.output<typeof exportQuery>;

export const newGoal = z
  .strictObject({
    name: text({ min: 1, max: maxName }).meta({ example: "Bought something" }),
    event: eventName,
    filters: filters.default({}),
  })
  .meta({ id: "NewGoal" });

export type NewGoal = z.output<typeof newGoal>;

export const goal = z
  .object({
    ...{ id, name: z.string(), event: z.string() },
    filters,
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "Goal", description: "Something that visitors are hoped to do" });

export type Goal = z.output<typeof goal>;

export const goals = z.object({ items: z.array(goal) }).meta({ id: "Goals" });

export const goalParams = z.object({ id });

export const goalQuery = z.object(range);

export type GoalQuery = z.output<typeof goalQuery>;

export const goalStats = z
  .object({
    ...{ from: about.from, to: about.to, timeZone: about.timeZone },
    ...counted,
    allUsers: z.int().nonnegative().meta({ description: "Users and visitors of the range, of whatever event" }),
    conversion: z.number().min(0).max(1).meta({ description: "Of all users, those who reached the goal" }),
  })
  .meta({ id: "GoalStats" });

export type GoalStats = z.output<typeof goalStats>;

function jsonOf(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
