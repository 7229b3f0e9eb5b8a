import { access, json, noContent } from "@trivet/http";
import { z } from "zod";
import { emailAddress } from "../accounts/email-address.ts";
import { route } from "../deps.ts";
import { magicLinkSeconds } from "../mail/send-magic-link.ts";
import { answerPage, page } from "../pages/answer-page.ts";
import { magicLinkPage } from "../pages/magic-link-page.ts";
import { opaqueToken, returnTo } from "../schemas.ts";
import { askMagicLink } from "../sessions/ask-magic-link.ts";
import { followMagicLink } from "../sessions/follow-magic-link.ts";
import { codeSeconds } from "../sessions/login-code.ts";
import { browserOf, rememberBrowser } from "./browser-cookie.ts";

/** Strict: only our own page, at our own address, ever sends it. */
const cookie = { name: "trivet-login", sameSite: "Strict", maxAge: magicLinkSeconds } as const;

export const postMagicLink = route(
  {
    method: "post",
    path: "/auth/magic-link",
    summary: "Ask for a link to log in with",
    description:
      "The answer is the same whether there is such an account or not. It sets a cookie, and the link works only beside that cookie: in this browser, once, for ten minutes.",
    access: access.anyone,
    request: { body: json(z.strictObject({ email: emailAddress, return_to: returnTo })) },
    responses: { 202: noContent("If there is such an account, a mail is on its way") },
  },
  (c) => {
    const { email, return_to } = c.req.valid("json");
    askMagicLink(c.var.deps, email, { browser: rememberBrowser(c, cookie), returnTo: return_to });
    return c.body(null, 202);
  },
);

export const getMagicLink = route(
  {
    method: "get",
    path: "/auth/magic-link/login",
    summary: "The page behind a link to log in with",
    description: "Consumes nothing: programs that follow links in mails only see a button.",
    access: access.anyone,
    request: { query: z.object({ token: opaqueToken, return_to: returnTo }) },
    responses: { 200: page("A page with a button that logs in") },
  },
  (c) => answerPage(c, magicLinkPage),
);

export const postMagicLinkLogin = route(
  {
    method: "post",
    path: "/auth/magic-link/login",
    summary: "Trade a mailed link for a one-time code",
    description:
      "The code is for POST /auth/session, which asks for the second factor where there is one. The link proves the address; if that was unproven, whoever opened the account may be a stranger, and everything else that opens it ends, its password and sessions too.",
    access: access.anyone,
    request: { body: json(z.strictObject({ token: opaqueToken, return_to: returnTo })) },
    responses: {
      200: json(
        z.object({
          code: z.string(),
          expires_in: z.int().meta({ description: "Seconds", example: codeSeconds }),
          location: z.string().nullable().meta({ description: "`return_to` with the code, if it was sent" }),
        }),
        "The code, and where to take it",
      ),
    },
    errors: ["gone", "forbidden"],
  },
  async (c) => {
    const { token, return_to } = c.req.valid("json");
    const link = { token, browser: browserOf(c, cookie), returnTo: return_to };
    return c.json({ ...(await followMagicLink(c.var.deps, link)), expires_in: codeSeconds }, 200);
  },
);
