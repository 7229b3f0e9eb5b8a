import { base32 } from "@better-auth/utils/base32";
import { createOTP } from "@better-auth/utils/otp";
import * as people from "@trivet/testing";
import { type Credentials, type Person as Member, newCredentials } from "@trivet/testing";
import { decodeJwt } from "jose";
import { expect } from "vitest";
import { z } from "zod";
import type { Answer, AuthSystem } from "./start-auth.ts";

/** Somebody registered and logged in, by one session. */
export interface Person extends Member {
  sessionId: string;
}

export { newCredentials };

const entry = z.object({
  access_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.literal(600),
  refresh_token: z.string().regex(/^[\w-]{43}$/),
});

export function tokensIn({ status, body, text }: Answer): { token: string; refreshToken: string } {
  const parsed = entry.safeParse(body);
  if (!parsed.success) throw new Error(`No tokens in this answer: ${status} ${text}`);
  return { token: parsed.data.access_token, refreshToken: parsed.data.refresh_token };
}

export const claimsOf = (token: string) =>
  z.looseObject({ sub: z.string(), sid: z.string(), role: z.string(), username: z.string() }).parse(decodeJwt(token));

const withSession = (member: Member): Person => ({ ...member, sessionId: claimsOf(member.token).sid });

export const register = async (auth: AuthSystem, credentials?: Credentials): Promise<Person> =>
  withSession(await people.register(auth, credentials));

export const login = async (auth: AuthSystem, credentials: Credentials, more?: object): Promise<Person> =>
  withSession(await people.login(auth, credentials, more));

/** Somebody with the role, given behind the scenes. */
export async function registerAs(auth: AuthSystem, role: "moderator" | "admin"): Promise<Person> {
  const person = await register(auth, newCredentials(role));
  await auth.sql`UPDATE auth.users SET role = ${role} WHERE id = ${person.id}`;
  return await login(auth, person);
}

const mails = z.object({
  items: z.array(z.object({ to: z.string(), subject: z.string(), text: z.string(), html: z.string().optional() })),
});

/** The mails to one address, newest first. */
export async function mailsTo(auth: AuthSystem, email: string) {
  await auth.settled();
  const { body } = await auth.get("/auth/mailbox/messages");
  return mails.parse(body).items.filter(({ to }) => to === email);
}

/** The token in the newest mail to an address whose subject matches. */
export async function tokenMailed(auth: AuthSystem, email: string, subject: RegExp): Promise<string> {
  const mail = (await mailsTo(auth, email)).find((candidate) => subject.test(candidate.subject));
  const token = /[?&]token=([\w-]+)/.exec(mail?.text ?? "")?.[1];
  if (token === undefined) throw new Error(`No mail with a token was sent to ${email}.`);
  return token;
}

/** As the owner of both: with the token from the mail and the account's password. */
export const confirmEmail = async (
  auth: AuthSystem,
  { email, password }: Pick<Person, "email" | "password">,
): Promise<Answer> =>
  await auth.post("/auth/verify-email", { token: await tokenMailed(auth, email, /Confirm/), password });

/** The one-time code that a login answers with, in its body or in the address it leads to. */
export const codeIn = ({ body }: Answer): string => z.object({ code: z.string() }).parse(body).code;

/** What this account has had announced about it so far, oldest first, whether anybody listens or not. */
export const announcedOf = async (auth: AuthSystem, userId: string) =>
  (await auth.announced()).filter(({ subject }) => subject === userId);

/** The answer to somebody whose account gets a second factor between their proof and their session. */
export async function guardedMeanwhile(auth: AuthSystem, userId: string, enter: () => Promise<Answer>) {
  const entering: Promise<Answer>[] = [];
  await auth.sql.begin(async (tx) => {
    await tx`UPDATE auth.users SET two_factor_enabled = true WHERE id = ${userId}`;
    entering.push(enter());
    const waiting = () => auth.sql`
      SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(async () => (await waiting()).length).toBe(1);
  });
  return await entering[0];
}

/** The code of the authenticator app, `steps` time steps from now. */
export const codeOf = (secret: string, steps = 0): Promise<string> =>
  createOTP(new TextDecoder().decode(base32.decode(secret))).hotp(Math.floor(Date.now() / 30_000) + steps);
