import { id, text } from "@trivet/contracts";
import { access, json, noContent } from "@trivet/http";
import { z } from "zod";
import { createApiKey } from "../api-keys/create-api-key.ts";
import { deleteApiKey, listOwnApiKeys } from "../api-keys/manage-api-keys.ts";
import { route } from "../deps.ts";
import { apiKey, asksForProof, proof, showApiKey } from "../schemas.ts";

const scope = z
  .string()
  .regex(/^[a-z]{1,30}:(?:read|write)$/, { error: "must be <service>:read or <service>:write" })
  .meta({ example: "posts:read" });

const newKey = proof.extend({
  name: text({ min: 1, max: 100 }).meta({ example: "Backup script" }),
  scopes: z
    .array(scope)
    .min(1)
    .max(50)
    .transform((scopes) => [...new Set(scopes)])
    .optional()
    .meta({ description: "What the key may do; left out, everything its owner may" }),
  expiresIn: z.int().min(60).max(315_360_000).optional().meta({ description: "Seconds; left out, it does not expire" }),
});

export const postApiKey = route(
  {
    method: "post",
    path: "/auth/api-keys",
    summary: "Make an API key",
    description: `Send the key as \`x-api-key\`. It is shown this once, and to repeats with the same \`Idempotency-Key\`. It outlives the session; a password reset ends every key. ${asksForProof}`,
    access: access.user,
    idempotencyKey: "optional",
    request: { body: json(newKey) },
    responses: { 201: json(apiKey.extend({ key: z.string() }), "The key") },
    errors: ["confirmation_required", "invalid_credentials", "unprocessable"],
  },
  async (c) => {
    const { name, scopes, expiresIn, ...proof } = c.req.valid("json");
    return c.json(await createApiKey(c.var.deps, c.var.actor, { name, scopes, expiresIn }, proof), 201);
  },
);

export const getApiKeys = route(
  {
    method: "get",
    path: "/auth/api-keys",
    summary: "List my API keys",
    access: access.user,
    responses: { 200: json(z.object({ items: z.array(apiKey) }), "Newest first, at most a hundred") },
  },
  async (c) => c.json({ items: (await listOwnApiKeys(c.var.deps, c.var.actor)).map(showApiKey) }, 200),
);

export const deleteOneApiKey = route(
  {
    method: "delete",
    path: "/auth/api-keys/{id}",
    summary: "End an API key",
    description: "The router finds it out within 30 seconds; until then the key may still work.",
    access: access.user,
    request: { params: z.object({ id }) },
    responses: { 204: noContent("The key has ended") },
    errors: ["not_found"],
  },
  async (c) => {
    await deleteApiKey(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);
