import { access, json, noContent } from "@trivet/http";
import { z } from "zod";
import { normaliseEmail } from "../accounts/email-address.ts";
import { route } from "../deps.ts";
import { givenPassword } from "../passwords/password-rules.ts";
import { entry, factorCode, lastToken, opaqueToken, showEntry, tokens } from "../schemas.ts";
import { logout } from "../sessions/end-sessions.ts";
import { login } from "../sessions/login.ts";
import { refreshSession } from "../sessions/refresh-session.ts";
import { originOf } from "./origin.ts";

// Whatever was typed: what cannot be an address or a username is an account that does not exist.
const typed = z.string().min(1).max(254);

const credentials = z
  .strictObject({
    email: typed.optional().meta({ example: "ada@example.com" }),
    username: typed.optional().meta({ description: "Instead of `email`" }),
    password: givenPassword,
    code: factorCode.optional().meta({ description: "Of the second factor, where there is one" }),
  })
  .refine(({ email, username }) => (email === undefined) !== (username === undefined), {
    error: "send either email or username",
    path: ["email"],
    // Also when something else is missing, so that everything is named at once.
    when: ({ value }) => typeof value === "object" && value !== null,
  });

export const postLogin = route(
  {
    method: "post",
    path: "/auth/login",
    summary: "Log in by email or username",
    access: access.anyone,
    encryption: "optional",
    request: { body: json(credentials) },
    responses: { 200: json(entry, "The account and the tokens of a new session") },
    errors: ["invalid_credentials", "second_factor_required", "forbidden"],
  },
  async (c) => {
    const { email, username, password, code } = c.req.valid("json");
    const identifier = email === undefined ? { username: username ?? "" } : { email: normaliseEmail(email) };
    return c.json(showEntry(await login(c.var.deps, { identifier, password, code }, await originOf(c))), 200);
  },
);

export const postRefresh = route(
  {
    method: "post",
    path: "/auth/refresh",
    summary: "Trade a refresh token for the next tokens",
    description:
      "Each refresh token is good once; for ten seconds it answers with the same successor. One that is used again later ends its session.",
    access: access.anyone,
    request: { body: json(z.strictObject({ refresh_token: opaqueToken })) },
    responses: { 200: json(tokens, "The next tokens") },
    errors: ["unauthenticated"],
  },
  async (c) => c.json(await refreshSession(c.var.deps, c.req.valid("json").refresh_token), 200),
);

export const postLogout = route(
  {
    method: "post",
    path: "/auth/logout",
    summary: "End this session",
    description: lastToken,
    access: access.user,
    responses: { 204: noContent("The session has ended") },
  },
  async (c) => {
    await logout(c.var.deps, c.var.actor);
    return c.body(null, 204);
  },
);
