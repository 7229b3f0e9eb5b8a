import { id } from "@trivet/contracts";
import { access, json, noContent } from "@trivet/http";
import { z } from "zod";
import { route } from "../deps.ts";
import { listOwnIdentities, unlinkIdentity } from "../oauth/manage-identities.ts";
import { asksForConfirmation, identity, showIdentity } from "../schemas.ts";

export const getIdentities = route(
  {
    method: "get",
    path: "/auth/identities",
    summary: "List my logins at providers",
    access: access.user,
    responses: { 200: json(z.object({ items: z.array(identity) }), "Newest first") },
  },
  async (c) => c.json({ items: (await listOwnIdentities(c.var.deps, c.var.actor)).map(showIdentity) }, 200),
);

export const deleteIdentity = route(
  {
    method: "delete",
    path: "/auth/identities/{id}",
    summary: "Unlink a login at a provider",
    description: `The last way into the account stays: 409. ${asksForConfirmation}`,
    access: access.user,
    request: { params: z.object({ id }) },
    responses: { 204: noContent("It opens this account no more") },
    errors: ["confirmation_required", "not_found", "conflict"],
  },
  async (c) => {
    await unlinkIdentity(c.var.deps, c.var.actor, c.req.valid("param").id);
    return c.body(null, 204);
  },
);
