import { type Database, databaseFault, IdempotentAnswers, idempotencyTable, openDatabase } from "@trivet/db";
import { access, databaseBinding, defineService, json, routesFor, serviceEnv } from "@trivet/http";
import { type Invocation, TrivetError } from "@trivet/platform";
import { integer, pgSchema, text } from "drizzle-orm/pg-core";
import { z } from "zod";

const schema = pgSchema("twins");
export const idempotencyKeys = idempotencyTable(schema);
const orders = schema.table("orders", {
  number: integer("number").primaryKey().generatedAlwaysAsIdentity(),
  item: text("item").notNull(),
});

interface Deps {
  db: Database;
  answers: IdempotentAnswers;
  invocation: Invocation;
}

const { route } = routesFor<Deps>();

const input = z.strictObject({
  item: z.string().max(100),
  size: z.int().optional(),
  /** Milliseconds between the beginning and the effect. */
  takes: z.int().max(10_000).default(0),
  /** What goes wrong, and when. */
  fault: z.enum(["refused", "failed before", "failed after"]).optional(),
});
const order = z.strictObject({ number: z.int(), item: z.string() });
const callers = access.service("shop", "market");

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The effect and the answer are one transaction. */
async function placeOrder({ db, answers, invocation }: Deps, { item, takes, fault }: z.output<typeof input>) {
  const placed = await db.transaction(async (tx) => {
    await pause(takes);
    const [row] = await tx.insert(orders).values({ item }).returning();
    if (fault === "refused") throw new TrivetError("not_found");
    if (fault === "failed before" || !row) throw new Error("It failed before the effect was there to stay.");
    await answers.keep(tx, invocation, row);
    return row;
  });
  if (fault === "failed after") throw new Error("It failed when the effect was there to stay.");
  return placed;
}

const postOrder = route(
  {
    method: "post",
    path: "/twins/orders",
    summary: "Order something",
    access: callers,
    idempotencyKey: "optional",
    request: { body: json(input) },
    responses: { 201: json(order, "The order") },
    errors: ["not_found"],
  },
  async (c) => c.json(await placeOrder(c.var.deps, c.req.valid("json")), 201),
);

const postNote = route(
  {
    method: "post",
    path: "/twins/notes",
    summary: "Order something, and keep the answer only afterwards",
    access: callers,
    idempotencyKey: "required",
    request: { body: json(input), query: z.object({ copy: z.string().optional() }) },
    responses: { 201: json(order, "The order") },
  },
  async (c) => {
    const { item, fault } = c.req.valid("json");
    const [row] = await c.var.deps.db.insert(orders).values({ item }).returning();
    if (fault !== undefined || !row) throw new Error("It failed when the effect was there to stay.");
    return c.json(row, 201, { location: `/twins/notes/${row.number}`, "set-cookie": "a=b", "x-other": "c" });
  },
);

const postNothing = route(
  {
    method: "post",
    path: "/twins/nothing",
    summary: "Order nothing, and be told nothing",
    access: callers,
    idempotencyKey: "optional",
    responses: { 204: { description: "Nothing" } },
  },
  async (c) => {
    await c.var.deps.db.insert(orders).values({ item: "nothing" });
    return c.body(null, 204);
  },
);

/** A service whose effects can be counted. */
export const twins = defineService({
  name: "twins",
  version: "0.0.0",
  summary: "Orders that must not be placed twice",
  env: serviceEnv.extend({ DB: databaseBinding }),
  deps: ({ env, invocation }) => {
    const db = openDatabase(env.DB, invocation);
    return { db, answers: new IdempotentAnswers(db, idempotencyKeys), invocation };
  },
  idempotency: ({ answers }) => answers,
  routes: [postOrder, postNote, postNothing],
  faults: databaseFault,
});
