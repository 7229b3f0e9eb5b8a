import { access, json, noContent } from "@trivet/http";
import { z } from "zod";
import { resendVerification } from "../accounts/resend-verification.ts";
import { verifyEmail } from "../accounts/verify-email.ts";
import { route } from "../deps.ts";
import { answerPage, page } from "../pages/answer-page.ts";
import { verifyEmailPage } from "../pages/verify-email-page.ts";
import { givenPassword } from "../passwords/password-rules.ts";
import { opaqueToken, showUser, user } from "../schemas.ts";

export const getVerifyEmail = route(
  {
    method: "get",
    path: "/auth/verify-email",
    summary: "The page behind a confirmation link",
    description: "Consumes nothing: programs that follow links in mails only see a form.",
    access: access.anyone,
    request: { query: z.object({ token: opaqueToken }) },
    responses: { 200: page("A page that asks for the account's password and confirms the address") },
  },
  (c) => answerPage(c, verifyEmailPage),
);

export const postVerifyEmail = route(
  {
    method: "post",
    path: "/auth/verify-email",
    summary: "Confirm an address by the token mailed to it",
    description:
      "Takes two proofs: the token, which shows that the address is yours, and the account's password or an access token of it, which shows that the account is. Anybody can register with an address that is not theirs; confirming it must not make that account yours, nor theirs an administrator's. Whoever does not know the password sets a new one by /auth/password/forgot.",
    access: access.optional,
    request: {
      body: json(
        z.strictObject({
          token: opaqueToken,
          password: givenPassword.optional().meta({ description: "Unless an access token of the account is sent" }),
        }),
      ),
    },
    responses: { 200: json(user, "The account with its confirmed address") },
    errors: ["gone", "invalid_credentials"],
  },
  async (c) => {
    const { token, password } = c.req.valid("json");
    return c.json(showUser(await verifyEmail(c.var.deps, c.var.actor, { token, password })), 200);
  },
);

export const postResendVerification = route(
  {
    method: "post",
    path: "/auth/verify-email/resend",
    summary: "Mail the confirmation link once more",
    access: access.user,
    responses: { 202: noContent("The mail is on its way") },
    errors: ["conflict"],
  },
  async (c) => {
    await resendVerification(c.var.deps, c.var.actor);
    return c.body(null, 202);
  },
);
