import { type Deps, engineOf } from "../deps.ts";
import { loginValue } from "../sessions/login-code.ts";
import type { User } from "../tables.ts";
import { randomToken } from "../tokens/random-token.ts";

/** No longer, for it logs in (ASVS 5.0, 6.5.5). */
const minutes = 10;
export const magicLinkSeconds = minutes * 60;

export interface MagicLink {
  /** The cookie of the browser that asked. */
  browser: string;
  /** Where to go afterwards, one of those that are listed. */
  returnTo: string | undefined;
}

/** Mails a link that logs in, in the browser that asked for it. */
export async function sendMagicLink(deps: Deps, user: Pick<User, "id" | "email">, link: MagicLink): Promise<void> {
  const token = randomToken();
  const whole = halves(token, link.browser);
  await engineOf(deps, deps.db).storeToken("magic-link", whole, loginValue(user.id), magicLinkSeconds);
  const url = new URL(`${deps.env.PUBLIC_URL}/auth/magic-link/login`);
  url.searchParams.set("token", token);
  if (link.returnTo !== undefined) url.searchParams.set("return_to", link.returnTo);
  const mail = {
    to: user.email,
    subject: "Log in",
    text:
      "Hello,\n\nlog in here, in the browser in which you asked for it:\n\n" +
      `${url.href}\n\n` +
      `The link is good once, for ${minutes} minutes. If you did not ask for it, ignore this mail: nobody has logged in.\n`,
  };
  await deps.mailer.send(deps.db, mail, new Date(Date.now() + magicLinkSeconds * 1_000));
}

/** What opens: what was mailed and what the browser kept, together. Either alone is worth nothing. */
export const halves = (token: string, browser: string): string => `${token} ${browser}`;
