import { id, text } from "@trivet/contracts";
import { access, json, noContent } from "@trivet/http";
import { z } from "zod";
import { route } from "../deps.ts";
import { beginPasskeyLogin, loginWithPasskey } from "../passkeys/login-with-passkey.ts";
import { deletePasskey, listOwnPasskeys } from "../passkeys/manage-passkeys.ts";
import { beginPasskey, finishPasskey } from "../passkeys/register-passkey.ts";
import { asksForConfirmation, asksForProof, entry, passkey, proof, showEntry, showPasskey } from "../schemas.ts";
import { originOf } from "./origin.ts";
import { authenticationOf, authenticationResponse, registrationOf, registrationResponse } from "./passkey-responses.ts";

/** The browser's own dictionaries in JSON; `PublicKeyCredential.parse...FromJSON` reads them. */
const options = z.looseObject({ challenge: z.string() });

export const postPasskeyOptions = route(
  {
    method: "post",
    path: "/auth/passkeys/register/options",
    summary: "Begin a passkey",
    description: asksForProof,
    access: access.user,
    request: { body: json(proof) },
    responses: { 200: json(options, "For `PublicKeyCredential.parseCreationOptionsFromJSON`") },
    errors: ["confirmation_required", "invalid_credentials"],
  },
  async (c) => c.json(options.parse(await beginPasskey(c.var.deps, c.var.actor, c.req.valid("json"))), 200),
);

export const postPasskey = route(
  {
    method: "post",
    path: "/auth/passkeys/register",
    summary: "Store the passkey that the authenticator made",
    access: access.user,
    request: {
      body: json(
        z.strictObject({
          name: text({ min: 1, max: 100 }).default("Passkey").meta({ example: "Phone" }),
          response: registrationResponse,
        }),
      ),
    },
    responses: { 201: json(passkey, "The passkey") },
    errors: ["conflict", "unprocessable"],
  },
  async (c) => {
    const { name, response } = c.req.valid("json");
    const row = await finishPasskey(c.var.deps, c.var.actor, { name, response: registrationOf(response) });
    return c.json(showPasskey(row), 201);
  },
);

export const postPasskeyLoginOptions = route(
  {
    method: "post",
    path: "/auth/passkeys/login/options",
    summary: "Begin a login by passkey",
    access: access.anyone,
    responses: { 200: json(options, "For `PublicKeyCredential.parseRequestOptionsFromJSON`") },
  },
  async (c) => c.json(options.parse(await beginPasskeyLogin(c.var.deps)), 200),
);

export const postPasskeyLogin = route(
  {
    method: "post",
    path: "/auth/passkeys/login",
    summary: "Log in by passkey",
    access: access.anyone,
    request: { body: json(z.strictObject({ response: authenticationResponse })) },
    responses: { 200: json(entry, "The account and the tokens of a new session") },
    errors: ["invalid_credentials", "forbidden"],
  },
  async (c) => {
    const response = authenticationOf(c.req.valid("json").response);
    return c.json(showEntry(await loginWithPasskey(c.var.deps, response, await originOf(c))), 200);
  },
);

export const getPasskeys = route(
  {
    method: "get",
    path: "/auth/passkeys",
    summary: "List my passkeys",
    access: access.user,
    responses: { 200: json(z.object({ items: z.array(passkey) }), "Newest first") },
  },
  async (c) => c.json({ items: (await listOwnPasskeys(c.var.deps, c.var.actor)).map(showPasskey) }, 200),
);

export const deleteOnePasskey = route(
  {
    method: "delete",
    path: "/auth/passkeys/{id}",
    summary: "Forget a passkey",
    description: `The last way into the account stays: 409. ${asksForConfirmation}`,
    access: access.user,
    request: { params: z.object({ id }) },
    responses: { 204: noContent("It opens nothing any more") },
    errors: ["confirmation_required", "not_found", "conflict"],
  },
  async (c) => {
    await deletePasskey(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);
