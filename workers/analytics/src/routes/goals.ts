import { access, json, noContent } from "@trivet/http";
import { route } from "../deps.ts";
import { changeGoal } from "../goals/change-goal.ts";
import { createGoal } from "../goals/create-goal.ts";
import { readGoalStats } from "../goals/read-goal-stats.ts";
import { removeGoal } from "../goals/remove-goal.ts";
import { selectGoals } from "../queries/goals.ts";
import { goal, goalParams, goalQuery, goalStats, goals, newGoal } from "../schemas.ts";

export const getGoals = route(
  {
    method: "get",
    path: "/analytics/goals",
    summary: "List the goals",
    access: access.role("admin"),
    responses: { 200: json(goals, "Newest first, at most a hundred") },
  },
  async (c) => c.json({ items: await selectGoals(c.var.deps.db) }, 200),
);

export const postGoal = route(
  {
    method: "post",
    path: "/analytics/goals",
    summary: "Set a goal",
    description: "An event, and what its properties have to be. It holds for what has happened, too.",
    access: access.role("admin"),
    idempotencyKey: "optional",
    request: { body: json(newGoal) },
    responses: { 201: json(goal, "The goal") },
    errors: ["conflict", "unprocessable"],
  },
  async (c) => c.json(await createGoal(c.var.deps, c.req.valid("json")), 201),
);

export const putGoal = route(
  {
    method: "put",
    path: "/analytics/goals/{id}",
    summary: "Replace a goal",
    access: access.role("admin"),
    request: { params: goalParams, body: json(newGoal) },
    responses: { 200: json(goal, "The goal as it is now") },
    errors: ["not_found", "conflict"],
  },
  async (c) => c.json(await changeGoal(c.var.deps, c.req.valid("param").id, c.req.valid("json")), 200),
);

export const deleteOneGoal = route(
  {
    method: "delete",
    path: "/analytics/goals/{id}",
    summary: "Give up a goal",
    access: access.role("admin"),
    request: { params: goalParams },
    responses: { 204: noContent("There is no such goal any more") },
    errors: ["not_found"],
  },
  async (c) => {
    await removeGoal(c.var.deps, c.req.valid("param").id);
    return c.body(null, 204);
  },
);

export const getGoalStats = route(
  {
    method: "get",
    path: "/analytics/goals/{id}/stats",
    summary: "How often a goal was reached",
    description: "Up to 31 days, as every event is read.",
    access: access.role("admin"),
    request: { params: goalParams, query: goalQuery },
    responses: { 200: json(goalStats, "Who reached the goal, and how many that is of all") },
    errors: ["not_found"],
  },
  async (c) => c.json(await readGoalStats(c.var.deps, c.req.valid("param").id, c.req.valid("query")), 200),
);
