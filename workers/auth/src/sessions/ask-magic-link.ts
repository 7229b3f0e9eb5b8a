import { describeError } from "@trivet/platform";
import { mayMail } from "../brakes/brakes.ts";
import type { Deps } from "../deps.ts";
import { type MagicLink, sendMagicLink } from "../mail/send-magic-link.ts";
import { findUserByEmail } from "../queries/users.ts";
import { assertMayReturn } from "./may-return.ts";

/**
 * Mails a link to log in with, if there is such an account. All of it happens after the answer, so
 * that neither the answer nor its time tells whether there is one. Throws `validation_failed`.
 */
export function askMagicLink(deps: Deps, email: string, link: MagicLink): void {
  assertMayReturn(deps, link.returnTo);
  const work = async () => {
    if (!(await mayMail(deps, "magic-link", email))) return;
    const user = await findUserByEmail(deps.db, email);
    if (user) await sendMagicLink(deps, user, link);
  };
  deps.invocation.waitUntil(
    work().catch((error: unknown) => {
      deps.invocation.log.error("A mail to log in with could not be made", { fault: describeError(error) });
    }),
  );
}
