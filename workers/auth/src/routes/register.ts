import { username } from "@trivet/contracts";
import { access, json } from "@trivet/http";
import { z } from "zod";
import { emailAddress } from "../accounts/email-address.ts";
import { register } from "../accounts/register.ts";
import { route } from "../deps.ts";
import { newPassword } from "../passwords/password-rules.ts";
import { entry, personName, showEntry } from "../schemas.ts";

export const postRegister = route(
  {
    method: "post",
    path: "/auth/register",
    summary: "Open an account and log in",
    access: access.anyone,
    encryption: "optional",
    request: {
      body: json(z.strictObject({ email: emailAddress, username, password: newPassword, name: personName.optional() })),
    },
    responses: { 201: json(entry, "The account and its first tokens") },
    errors: ["conflict"],
  },
  async (c) => {
    const { name, ...input } = c.req.valid("json");
    const registered = await register(c.var.deps, { ...input, name }, c.req.header("user-agent"));
    return c.json(showEntry(registered), 201);
  },
);
