import { access, json } from "@trivet/http";
import { z } from "zod";
import { route } from "../deps.ts";
import { exchangeSession } from "../oauth/exchange-session.ts";
import { finishLogin } from "../oauth/finish-login.ts";
import { beginLink } from "../oauth/link-identity.ts";
import { loginSeconds, startLogin } from "../oauth/start-login.ts";
import { asksForProof, entry, identity, opaqueToken, proof, returnTo, showEntry, showIdentity } from "../schemas.ts";
import { browserOf, rememberBrowser } from "./browser-cookie.ts";
import { exchangeBody } from "./exchange-body.ts";

const provider = z.object({ provider: z.string().max(32).meta({ example: "google" }) });
/** Lax, because the provider sends the browser back from its own site. */
const cookie = { name: "trivet-oauth", sameSite: "Lax", maxAge: loginSeconds } as const;

export const getOAuth = route(
  {
    method: "get",
    path: "/auth/oauth/{provider}",
    summary: "Log in at a provider",
    description:
      "With `return_to`, also send `code_challenge`: SHA-256, in base64url, of a random `code_verifier` that stays in the page or app that begins (RFC 7636, S256). The one-time code is then worth something only beside that verifier: whoever reads it on its way cannot use it. A page that sends its verifier with every code takes none that somebody else began, and so cannot be logged in to an attacker's account.",
    access: access.anyone,
    request: {
      params: provider,
      query: z
        .object({
          return_to: returnTo.meta({
            description:
              "Where to go afterwards with a one-time `code` for POST /auth/session; left out, the callback answers tokens",
          }),
          code_challenge: z
            .string()
            .regex(/^[\w-]{43}$/, { error: "must be a SHA-256 in base64url (RFC 7636, S256)" })
            .optional()
            .meta({ description: "Binds the one-time code to its `code_verifier`" }),
          code_challenge_method: z.literal("S256").optional().meta({ description: "The only one there is" }),
        })
        .refine((query) => query.code_challenge === undefined || query.return_to !== undefined, {
          path: ["code_challenge"],
          error: "goes with return_to: without it there is no one-time code to bind",
        })
        .refine((query) => query.code_challenge_method === undefined || query.code_challenge !== undefined, {
          path: ["code_challenge_method"],
          error: "goes with code_challenge",
        }),
    },
    responses: { 302: { description: "To the provider" } },
    errors: ["not_found"],
  },
  async (c) => {
    const query = c.req.valid("query");
    const url = await startLogin(c.var.deps, {
      provider: c.req.valid("param").provider,
      returnTo: query.return_to,
      challenge: query.code_challenge,
      browser: rememberBrowser(c, cookie),
    });
    return c.redirect(url.href, 302);
  },
);

export const postOAuthLink = route(
  {
    method: "post",
    path: "/auth/oauth/{provider}/link",
    summary: "Link my login at a provider to this account",
    description: `Send the browser on to \`location\`, with the cookie that this answer sets. The callback leads to \`return_to\` with \`linked\` in its address, or answers the identity. ${asksForProof}`,
    access: access.user,
    request: { params: provider, body: json(proof.extend({ return_to: returnTo })) },
    responses: { 200: json(z.object({ location: z.string() }), "Where to send the browser") },
    errors: ["confirmation_required", "invalid_credentials", "not_found"],
  },
  async (c) => {
    const { return_to, ...shown } = c.req.valid("json");
    const request = {
      provider: c.req.valid("param").provider,
      returnTo: return_to,
      browser: rememberBrowser(c, cookie),
    };
    const url = await beginLink(c.var.deps, c.var.actor, request, shown);
    return c.json({ location: url.href }, 200);
  },
);

export const getOAuthCallback = route(
  {
    method: "get",
    path: "/auth/oauth/{provider}/callback",
    summary: "Where a provider sends the browser back",
    access: access.anyone,
    request: {
      params: provider,
      query: z.looseObject({ state: opaqueToken, code: z.string().max(4_096).optional() }),
    },
    responses: {
      200: json(z.union([entry, identity]), "The account and the tokens of a new session, or what was linked"),
      302: { description: "To `return_to`" },
    },
    errors: ["unauthenticated", "second_factor_required", "forbidden", "not_found", "conflict", "unprocessable"],
  },
  async (c) => {
    const finished = await finishLogin(c.var.deps, {
      provider: c.req.valid("param").provider,
      parameters: new URL(c.req.url).searchParams,
      browser: browserOf(c, cookie),
      userAgent: c.req.header("user-agent"),
    });
    if ("location" in finished) return c.redirect(finished.location, 302);
    return c.json("linked" in finished ? showIdentity(finished.linked) : showEntry(finished.entered), 200);
  },
);

export const postSession = route(
  {
    method: "post",
    path: "/auth/session",
    summary: "Exchange a one-time code, or what an OAuth provider gave, for a session",
    description:
      "Send one of three: `code`, the one-time code of a login by link or redirect, with its `code_verifier` if the login began with a `code_challenge`; `provider`, `code`, `code_verifier` and `redirect_uri` of an authorization code that a native client got itself; or `provider` and `id_token`.",
    access: access.anyone,
    request: { body: json(exchangeBody) },
    responses: { 200: json(entry, "The account and the tokens of a new session") },
    errors: ["unauthenticated", "second_factor_required", "forbidden", "not_found", "conflict", "unprocessable"],
  },
  async (c) =>
    c.json(showEntry(await exchangeSession(c.var.deps, c.req.valid("json"), c.req.header("user-agent"))), 200),
);
