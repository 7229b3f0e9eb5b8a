import { defineCall } from "@trivet/platform";
import { z } from "zod";
import { id, role, username } from "../text.ts";

/** What auth tells other services of an account. */
export const account = z.object({
  id,
  username,
  name: z.string(),
  email: z.string(),
  role,
  createdAt: z.iso.datetime(),
});

export type Account = z.infer<typeof account>;

export const getAccount = defineCall({
  service: "auth",
  callers: ["users"],
  method: "get",
  path: "/accounts/{id}",
  summary: "Read an account by id",
  encryption: "required",
  params: z.object({ id }),
  reply: account,
});

export const deleteAccount = defineCall({
  service: "auth",
  callers: ["users"],
  method: "delete",
  path: "/accounts/{id}",
  summary: "Delete an account, its sessions and its credentials, and announce it",
  encryption: "required",
  params: z.object({ id }),
  query: z.object({
    sessionId: id.meta({
      description: "The owner's own session, from which they ask for it, logged in or confirmed not long ago",
    }),
  }),
});

/** What an API key stands for; the token lasts ten minutes, or as long as the key if that is less. */
export const exchangeApiKey = defineCall({
  service: "auth",
  callers: ["router"],
  method: "post",
  path: "/api-keys/exchange",
  summary: "Exchange an API key for a short access token",
  encryption: "required",
  body: z.strictObject({ key: z.string().max(256) }),
  reply: z.object({ access_token: z.string(), expires_in: z.number().int().meta({ description: "Seconds" }) }),
  idempotent: true,
});
