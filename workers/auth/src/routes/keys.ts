import { access, json } from "@trivet/http";
import { z } from "zod";
import { rotateKeys } from "../admin/rotate-keys.ts";
import { route } from "../deps.ts";
import { publishedKeys } from "../keys/keyring.ts";

const jwk = z.looseObject({ kty: z.string(), kid: z.string(), alg: z.string(), use: z.string() });

export const getKeys = route(
  {
    method: "get",
    path: "/auth/.well-known/jwks.json",
    summary: "The public keys of access tokens (RFC 7517)",
    access: access.anyone,
    // Shorter than a new key is published ahead of its first signature; a cache says in `Age` how much of it is over.
    cache: { maxAge: 60 },
    responses: { 200: json(z.object({ keys: z.array(jwk) }), "Keys that sign, are about to, or have signed") },
  },
  async (c) => {
    const { keys } = await publishedKeys(c.var.deps);
    return c.json({ keys: keys.map((key) => jwk.parse(key)) }, 200);
  },
);

export const postRotateKeys = route(
  {
    method: "post",
    path: "/auth/admin/keys/rotate",
    summary: "Publish the next signing key",
    access: access.role("admin"),
    responses: { 200: json(z.object({ kid: z.string(), signsFrom: z.iso.datetime() }), "The key that signs next") },
  },
  async (c) => {
    const { kid, signsFrom } = await rotateKeys(c.var.deps, c.var.actor);
    return c.json({ kid, signsFrom: signsFrom.toISOString() }, 200);
  },
);
