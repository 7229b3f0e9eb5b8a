import { z } from "zod";
import type { Exchange } from "../oauth/exchange-session.ts";
import { factorCode } from "../schemas.ts";

const second_factor = factorCode.optional();
const provider = z.string().max(32).meta({ example: "google" });
const nonce = z.string().min(1).max(512).optional();
const code = z.string().min(1).max(4_096);

const loginCode = z
  .strictObject({ code, second_factor })
  .meta({ description: "The one-time code that `return_to` was called with" });

const providerCode = z
  .strictObject({
    provider,
    code,
    code_verifier: z.string().regex(/^[\w.~-]{43,128}$/, { error: "must be a PKCE verifier (RFC 7636)" }),
    redirect_uri: z.string().min(1).max(2_048),
    nonce,
    second_factor,
  })
  .meta({ description: "An authorization code that a native client got itself" });

const idToken = z
  .strictObject({ provider, id_token: z.string().min(1).max(16_384), nonce, second_factor })
  .meta({ description: "An id token that a native client got itself" });

export const exchangeBody = z.union([loginCode, providerCode, idToken]);

export function exchangeOf(body: z.output<typeof exchangeBody>): Exchange {
  const secondFactor = body.second_factor;
  if (!("provider" in body)) return { kind: "login-code", code: body.code, secondFactor };
  if ("id_token" in body) {
    return { kind: "id-token", provider: body.provider, idToken: body.id_token, nonce: body.nonce, secondFactor };
  }
  return {
    kind: "code",
    provider: body.provider,
    code: body.code,
    codeVerifier: body.code_verifier,
    redirectUri: body.redirect_uri,
    nonce: body.nonce,
    secondFactor,
  };
}
