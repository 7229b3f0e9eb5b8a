import { access, json, type ServiceContext } from "@trivet/http";
import type { Actor } from "@trivet/platform";
import { getCookie, setCookie } from "hono/cookie";
import { z } from "zod";
import { type Deps, route } from "../deps.ts";
import { exchangeSession } from "../oauth/exchange-session.ts";
import { finishLogin } from "../oauth/finish-login.ts";
import { loginSeconds, startLogin } from "../oauth/start-login.ts";
import { entry, opaqueToken, showEntry } from "../schemas.ts";
import { randomToken } from "../tokens/random-token.ts";
import { exchangeBody, exchangeOf } from "./exchange-body.ts";

const provider = z.object({ provider: z.string().max(32).meta({ example: "google" }) });
const cookieName = "trivet-oauth";
const cookieForm = /^[\w-]{43}$/;

/** The cookie that ties a login to the browser that started it. */
function browserOf<Caller extends Actor>(c: ServiceContext<Deps, Caller>): string | undefined {
  const value = isSecure(c.var.deps) ? getCookie(c, cookieName, "host") : getCookie(c, cookieName);
  return value !== undefined && cookieForm.test(value) ? value : undefined;
}

/** Lax, because the provider sends the browser back from its own site. */
function rememberBrowser<Caller extends Actor>(c: ServiceContext<Deps, Caller>, value: string): void {
  const options = { httpOnly: true, sameSite: "Lax", path: "/", maxAge: loginSeconds } as const;
  // Browsers take a __Host- cookie over HTTPS only, which a development machine does not have.
  setCookie(c, cookieName, value, isSecure(c.var.deps) ? { ...options, secure: true, prefix: "host" } : options);
}

const isSecure = ({ env }: Deps): boolean => env.PUBLIC_URL.startsWith("https:");

export const getOAuth = route(
  {
    method: "get",
    path: "/auth/oauth/{provider}",
    summary: "Log in at a provider",
    access: access.anyone,
    request: {
      params: provider,
      query: z.object({
        return_to: z.string().max(2_048).optional().meta({
          description:
            "Where to go afterwards with a one-time `code` for POST /auth/session; left out, the callback answers tokens",
        }),
      }),
    },
    responses: { 302: { description: "To the provider" } },
    errors: ["not_found"],
  },
  async (c) => {
    const browser = browserOf(c) ?? randomToken();
    const request = { provider: c.req.valid("param").provider, returnTo: c.req.valid("query").return_to, browser };
    const url = await startLogin(c.var.deps, request);
    rememberBrowser(c, browser);
    return c.redirect(url.href, 302);
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
      200: json(entry, "The account and the tokens of a new session"),
      302: { description: "To `return_to`" },
    },
    errors: ["unauthenticated", "second_factor_required", "forbidden", "not_found", "conflict", "unprocessable"],
  },
  async (c) => {
    const finished = await finishLogin(c.var.deps, {
      provider: c.req.valid("param").provider,
      parameters: new URL(c.req.url).searchParams,
      browser: browserOf(c),
      userAgent: c.req.header("user-agent"),
    });
    return "location" in finished ? c.redirect(finished.location, 302) : c.json(showEntry(finished), 200);
  },
);

export const postSession = route(
  {
    method: "post",
    path: "/auth/session",
    summary: "Exchange what an OAuth provider gave for a session",
    access: access.anyone,
    request: { body: json(exchangeBody) },
    responses: { 200: json(entry, "The account and the tokens of a new session") },
    errors: ["unauthenticated", "second_factor_required", "forbidden", "not_found", "conflict", "unprocessable"],
  },
  async (c) =>
    c.json(
      showEntry(await exchangeSession(c.var.deps, exchangeOf(c.req.valid("json")), c.req.header("user-agent"))),
      200,
    ),
);
