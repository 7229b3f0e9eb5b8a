import { id, role, text } from "@trivet/contracts";
import { access, decodeCursor, encodeCursor, json, linkNext, noContent, pageOf, pageQuery, toPage } from "@trivet/http";
import { z } from "zod";
import { banUser, unbanUser } from "../admin/ban-user.ts";
import { deleteUser } from "../admin/delete-user.ts";
import { endUserSessions } from "../admin/end-user-sessions.ts";
import { impersonateUser } from "../admin/impersonate-user.ts";
import { listAccounts, readAccountAsAdmin, readAudit } from "../admin/read-users.ts";
import { setRole } from "../admin/set-role.ts";
import { route } from "../deps.ts";
import { adminUser, lastToken, showAdminUser, tokens } from "../schemas.ts";

const params = z.object({ id });
const admin = access.role("admin");
const keys = z.tuple([id]);

const before = (list: string, cursor: string | undefined): string | undefined =>
  cursor === undefined ? undefined : decodeCursor(list, keys, cursor)[0];

export const getAdminUsers = route(
  {
    method: "get",
    path: "/auth/admin/users",
    summary: "List accounts",
    access: admin,
    request: {
      query: pageQuery.extend({
        search: text({ min: 1, max: 100 }).optional().meta({ description: "Part of an address, username or name" }),
      }),
    },
    responses: { 200: json(pageOf(adminUser), "Newest first") },
  },
  async (c) => {
    const { limit, cursor, search } = c.req.valid("query");
    const rows = await listAccounts(c.var.deps, c.var.actor, { limit, beforeId: before("accounts", cursor), search });
    const page = toPage(rows, limit, (row) => encodeCursor("accounts", [row.id]), showAdminUser);
    linkNext(c, page);
    return c.json(page, 200);
  },
);

export const getAdminUser = route(
  {
    method: "get",
    path: "/auth/admin/users/{id}",
    summary: "Read an account",
    access: admin,
    request: { params },
    responses: { 200: json(adminUser, "The account") },
    errors: ["not_found"],
  },
  async (c) => c.json(showAdminUser(await readAccountAsAdmin(c.var.deps, c.var.actor, c.req.valid("param").id)), 200),
);

export const postBan = route(
  {
    method: "post",
    path: "/auth/admin/users/{id}/ban",
    summary: "Ban an account and end its sessions",
    description: `Its API keys work for 30 seconds more at most. ${lastToken}`,
    access: admin,
    request: {
      params,
      body: json(
        z.strictObject({
          reason: text({ min: 1, max: 500 }),
          expiresIn: z.int().min(60).max(315_360_000).optional().meta({ description: "Seconds; left out, for good" }),
        }),
      ),
    },
    responses: { 200: json(adminUser, "The banned account") },
    errors: ["not_found", "unprocessable"],
  },
  async (c) => {
    const { reason, expiresIn } = c.req.valid("json");
    const row = await banUser(c.var.deps, c.var.actor, c.req.valid("param").id, { reason, expiresIn });
    return c.json(showAdminUser(row), 200);
  },
);

export const postUnban = route(
  {
    method: "post",
    path: "/auth/admin/users/{id}/unban",
    summary: "Lift a ban",
    access: admin,
    request: { params },
    responses: { 200: json(adminUser, "The account") },
    errors: ["not_found"],
  },
  async (c) => c.json(showAdminUser(await unbanUser(c.var.deps, c.var.actor, c.req.valid("param").id)), 200),
);

export const putRole = route(
  {
    method: "put",
    path: "/auth/admin/users/{id}/role",
    summary: "Give an account a role",
    access: admin,
    request: { params, body: json(z.strictObject({ role })) },
    responses: { 200: json(adminUser, "The account; its next access token carries the role") },
    errors: ["not_found", "unprocessable"],
  },
  async (c) => {
    const row = await setRole(c.var.deps, c.var.actor, c.req.valid("param").id, c.req.valid("json").role);
    return c.json(showAdminUser(row), 200);
  },
);

export const deleteUserSessions = route(
  {
    method: "delete",
    path: "/auth/admin/users/{id}/sessions",
    summary: "End all sessions of an account",
    description: `The account stays open, and its API keys go on. ${lastToken}`,
    access: admin,
    request: { params },
    responses: { 204: noContent("The sessions have ended") },
    errors: ["not_found"],
  },
  async (c) => {
    await endUserSessions(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);

export const postImpersonate = route(
  {
    method: "post",
    path: "/auth/admin/users/{id}/impersonate",
    summary: "Act as a user for ten minutes",
    access: admin,
    request: { params },
    responses: { 200: json(tokens.omit({ refresh_token: true }), "A token whose `act` names the administrator") },
    errors: ["not_found", "unprocessable"],
  },
  async (c) => c.json(await impersonateUser(c.var.deps, c.var.actor, c.req.valid("param").id), 200),
);

export const deleteAdminUser = route(
  {
    method: "delete",
    path: "/auth/admin/users/{id}",
    summary: "Delete an account",
    description: `Its API keys work for 30 seconds more at most. ${lastToken}`,
    access: admin,
    request: { params },
    responses: { 204: noContent("The account is gone; every service erases its share") },
    errors: ["not_found", "unprocessable"],
  },
  async (c) => {
    await deleteUser(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);

const auditEntry = z
  .object({
    id,
    actorId: id,
    action: z.string(),
    subjectId: z.string(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
    requestId: z.string(),
    at: z.iso.datetime(),
  })
  .meta({ id: "AuditEntry" });

export const getAudit = route(
  {
    method: "get",
    path: "/auth/admin/audit",
    summary: "What administrators did",
    access: admin,
    request: { query: pageQuery },
    responses: { 200: json(pageOf(auditEntry), "Newest first") },
  },
  async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const rows = await readAudit(c.var.deps, c.var.actor, { limit, beforeId: before("audit", cursor) });
    const page = toPage(
      rows,
      limit,
      (row) => encodeCursor("audit", [row.id]),
      (row) => ({ ...row, at: row.at.toISOString() }),
    );
    linkNext(c, page);
    return c.json(page, 200);
  },
);
