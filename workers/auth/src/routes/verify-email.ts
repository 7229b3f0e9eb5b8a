import { access, json, noContent } from "@trivet/http";
import { z } from "zod";
import { resendVerification } from "../accounts/resend-verification.ts";
import { verifyEmail } from "../accounts/verify-email.ts";
import { route } from "../deps.ts";
import { answerPage, page } from "../pages/answer-page.ts";
import { verifyEmailPage } from "../pages/verify-email-page.ts";
import { opaqueToken, showUser, user } from "../schemas.ts";

export const getVerifyEmail = route(
  {
    method: "get",
    path: "/auth/verify-email",
    summary: "The page behind a confirmation link",
    description: "Consumes nothing: programs that follow links in mails only see a button.",
    access: access.anyone,
    request: { query: z.object({ token: opaqueToken }) },
    responses: { 200: page("A page with a button that confirms the address") },
  },
  (c) => answerPage(c, verifyEmailPage),
);

export const postVerifyEmail = route(
  {
    method: "post",
    path: "/auth/verify-email",
    summary: "Confirm an address by the token mailed to it",
    access: access.anyone,
    request: { body: json(z.strictObject({ token: opaqueToken })) },
    responses: { 200: json(user, "The account with its confirmed address") },
    errors: ["gone"],
  },
  async (c) => c.json(showUser(await verifyEmail(c.var.deps, c.req.valid("json").token)), 200),
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
