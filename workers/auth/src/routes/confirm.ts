import { access, json, noContent } from "@trivet/http";
import { route } from "../deps.ts";
import { proof } from "../schemas.ts";
import { confirmSession } from "../sessions/confirm-session.ts";
import { authenticationOf, authenticationResponse } from "./passkey-responses.ts";

const shown = proof
  .extend({
    passkey: authenticationResponse
      .optional()
      .meta({ description: "Instead of both: the answer to a challenge of POST /auth/passkeys/login/options" }),
  })
  .refine((body) => Object.values(body).filter((part) => part !== undefined).length === 1, {
    error: "send one of password, code and passkey",
    path: ["password"],
  });

export const postConfirm = route(
  {
    method: "post",
    path: "/auth/confirm",
    summary: "Show once more that the account is mine",
    description:
      "For five minutes this session, and no other, may then change how the account is entered: passkeys, logins at providers, API keys, the second factor.",
    access: access.user,
    request: { body: json(shown) },
    responses: { 204: noContent("The session is confirmed") },
    errors: ["invalid_credentials"],
  },
  async (c) => {
    const { passkey, ...typed } = c.req.valid("json");
    const response = passkey && authenticationOf(passkey);
    await confirmSession(c.var.deps, c.var.actor, { ...typed, passkey: response });
    return c.body(null, 204);
  },
);
