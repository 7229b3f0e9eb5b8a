import { z } from "zod";
import type { Exchange } from "../oauth/exchange-session.ts";
import { factorCode } from "../schemas.ts";

const said = (description: string) => ({ description });

/** One object and not a union of three: whoever leaves something out hears which field it is. */
export const exchangeBody = z
  .strictObject({
    provider: z.string().max(32).optional().meta({ description: "Whose code or id token it is", example: "google" }),
    code: z
      .string()
      .min(1)
      .max(4_096)
      .optional()
      .meta(said("Alone: the one-time code that `return_to` was called with. With `provider`: its authorization code")),
    code_verifier: z
      .string()
      .regex(/^[\w.~-]{43,128}$/, { error: "must be a PKCE verifier (RFC 7636)" })
      .optional()
      .meta(said("With an authorization code, or with a one-time code that was bound by `code_challenge`")),
    redirect_uri: z.string().min(1).max(2_048).optional().meta(said("With an authorization code")),
    id_token: z.string().min(1).max(16_384).optional().meta(said("With `provider`: what a native client got itself")),
    nonce: z.string().min(1).max(512).optional().meta(said("What the client asked the provider to repeat")),
    second_factor: factorCode.optional(),
  })
  .transform((body, context): Exchange => {
    const secondFactor = body.second_factor;
    const { provider, code, code_verifier: codeVerifier, redirect_uri: redirectUri, id_token: idToken, nonce } = body;
    const refuse = (field: keyof typeof body, message: string) => {
      context.addIssue({ code: "custom", path: [field], message });
      return z.NEVER;
    };
    if (idToken !== undefined) {
      for (const field of ["code", "code_verifier", "redirect_uri"] as const) {
        if (body[field] !== undefined) refuse(field, "does not go with id_token");
      }
      return provider === undefined
        ? refuse("provider", "is needed with id_token")
        : { kind: "id-token", provider, idToken, nonce, secondFactor };
    }
    if (code === undefined) {
      return refuse("code", provider === undefined ? "is needed, or provider and id_token" : "or id_token is needed");
    }
    if (provider === undefined) {
      for (const field of ["redirect_uri", "nonce"] as const) {
        if (body[field] !== undefined) refuse(field, "is for the code of a provider, which is to be named");
      }
      return { kind: "login-code", code, codeVerifier, secondFactor };
    }
    if (codeVerifier === undefined) refuse("code_verifier", "is needed with the code of a provider");
    if (redirectUri === undefined) refuse("redirect_uri", "is needed with the code of a provider");
    if (codeVerifier === undefined || redirectUri === undefined) return z.NEVER;
    return { kind: "code", provider, code, codeVerifier, redirectUri, nonce, secondFactor };
  });
