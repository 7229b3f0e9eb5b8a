import { describeError } from "@trivet/platform";
import { mayMail } from "../brakes/brakes.ts";
import type { Deps } from "../deps.ts";
import { sendReset } from "../mail/send-reset.ts";
import { findUserByEmail } from "../queries/users.ts";

/**
 * Mails a reset link if there is such an account. All of it happens after the answer, so that neither
 * the answer nor its time tells whether there is one.
 */
export function forgotPassword(deps: Deps, email: string): void {
  const work = async () => {
    if (!(await mayMail(deps, "reset-password", email))) return;
    const user = await findUserByEmail(deps.db, email);
    if (user) await sendReset(deps, user);
  };
  deps.invocation.waitUntil(
    work().catch((error: unknown) => {
      deps.invocation.log.error("A reset mail could not be made", { fault: describeError(error) });
    }),
  );
}
