import { access, json, noContent } from "@trivet/http";
import { z } from "zod";
import { route } from "../deps.ts";
import { asksForProof, proof } from "../schemas.ts";
import { confirmTwoFactor } from "../two-factor/confirm-two-factor.ts";
import { disableTwoFactor } from "../two-factor/disable-two-factor.ts";
import { enableTwoFactor } from "../two-factor/enable-two-factor.ts";
import { renewRecoveryCodes } from "../two-factor/renew-recovery-codes.ts";

const recoveryCodes = z.array(z.string()).meta({ description: "Shown this once; each is good once" });

export const postEnableTwoFactor = route(
  {
    method: "post",
    path: "/auth/2fa/enable",
    summary: "Begin a second factor",
    description: `It is in force once /auth/2fa/verify has seen a first code. ${asksForProof}`,
    access: access.user,
    request: { body: json(proof) },
    responses: {
      200: json(
        z.object({
          uri: z.string().meta({ description: "otpauth:// for a QR code" }),
          secret: z.string(),
          recoveryCodes,
        }),
        "What the authenticator app needs, and the recovery codes",
      ),
    },
    errors: ["confirmation_required", "invalid_credentials", "conflict"],
  },
  async (c) => {
    return c.json(await enableTwoFactor(c.var.deps, c.var.actor, c.req.valid("json")), 200);
  },
);

export const postVerifyTwoFactor = route(
  {
    method: "post",
    path: "/auth/2fa/verify",
    summary: "Put the second factor in force by its first code",
    access: access.user,
    request: { body: json(z.strictObject({ code: z.string().regex(/^\d{6}$/, { error: "must be 6 digits" }) })) },
    responses: { 204: noContent("The second factor is in force; other sessions have ended") },
    errors: ["invalid_credentials", "conflict"],
  },
  async (c) => {
    await confirmTwoFactor(c.var.deps, c.var.actor, c.req.valid("json"));
    return c.body(null, 204);
  },
);

export const postDisableTwoFactor = route(
  {
    method: "post",
    path: "/auth/2fa/disable",
    summary: "End the second factor",
    description: asksForProof,
    access: access.user,
    request: { body: json(proof) },
    responses: { 204: noContent("The password is enough again") },
    errors: ["confirmation_required", "invalid_credentials", "conflict"],
  },
  async (c) => {
    await disableTwoFactor(c.var.deps, c.var.actor, c.req.valid("json"));
    return c.body(null, 204);
  },
);

export const postRecoveryCodes = route(
  {
    method: "post",
    path: "/auth/2fa/recovery-codes",
    summary: "Make new recovery codes",
    description: asksForProof,
    access: access.user,
    request: { body: json(proof) },
    responses: { 200: json(z.object({ recoveryCodes }), "The new codes; the old ones are worthless") },
    errors: ["confirmation_required", "invalid_credentials", "conflict"],
  },
  async (c) => {
    const codes = await renewRecoveryCodes(c.var.deps, c.var.actor, c.req.valid("json"));
    return c.json({ recoveryCodes: codes }, 200);
  },
);
