import { access, json, noContent } from "@trivet/http";
import { z } from "zod";
import { emailAddress } from "../accounts/email-address.ts";
import { route } from "../deps.ts";
import { answerPage, page } from "../pages/answer-page.ts";
import { resetPasswordPage } from "../pages/reset-password-page.ts";
import { changePassword } from "../passwords/change-password.ts";
import { forgotPassword } from "../passwords/forgot-password.ts";
import { givenPassword, newPassword } from "../passwords/password-rules.ts";
import { resetPassword } from "../passwords/reset-password.ts";
import { lastToken, opaqueToken } from "../schemas.ts";

export const postForgotPassword = route(
  {
    method: "post",
    path: "/auth/password/forgot",
    summary: "Ask for a link to set a new password",
    description: "The answer is the same whether there is such an account or not.",
    access: access.anyone,
    request: { body: json(z.strictObject({ email: emailAddress })) },
    responses: { 202: noContent("If there is such an account, a mail is on its way") },
  },
  (c) => {
    forgotPassword(c.var.deps, c.req.valid("json").email);
    return c.body(null, 202);
  },
);

export const getResetPassword = route(
  {
    method: "get",
    path: "/auth/password/reset",
    summary: "The page behind a reset link",
    access: access.anyone,
    request: { query: z.object({ token: opaqueToken }) },
    responses: { 200: page("A page that asks for the new password") },
  },
  (c) => answerPage(c, resetPasswordPage),
);

export const postResetPassword = route(
  {
    method: "post",
    path: "/auth/password/reset",
    summary: "Set a new password by the token that was mailed",
    description: `Ends every session, API key and login under way. It also proves the address; if that was unproven, whoever opened the account may be a stranger, and everything else that opens it ends too. ${lastToken}`,
    access: access.anyone,
    request: { body: json(z.strictObject({ token: opaqueToken, password: newPassword })) },
    responses: { 204: noContent("The new password holds") },
    errors: ["gone"],
  },
  async (c) => {
    await resetPassword(c.var.deps, c.req.valid("json"));
    return c.body(null, 204);
  },
);

export const postChangePassword = route(
  {
    method: "post",
    path: "/auth/password/change",
    summary: "Change my password",
    description: `Ends every other session of the account, and its API keys if asked to. ${lastToken}`,
    access: access.user,
    request: {
      body: json(
        z.strictObject({
          currentPassword: givenPassword,
          newPassword,
          endApiKeys: z.boolean().default(false).meta({ description: "For when somebody else may have made one" }),
        }),
      ),
    },
    responses: { 204: noContent("The new password holds") },
    errors: ["invalid_credentials", "conflict"],
  },
  async (c) => {
    await changePassword(c.var.deps, c.var.actor, c.req.valid("json"));
    return c.body(null, 204);
  },
);
