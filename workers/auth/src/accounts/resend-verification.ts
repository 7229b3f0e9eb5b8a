import { TrivetError, type UserActor } from "@trivet/platform";
import { mayMail } from "../brakes/brakes.ts";
import type { Deps } from "../deps.ts";
import { sendVerification } from "../mail/send-verification.ts";
import { requireSession } from "../sessions/require-session.ts";

/** Mails the confirmation link once more. Throws `conflict` when there is nothing left to confirm. */
export async function resendVerification(deps: Deps, actor: UserActor): Promise<void> {
  const { user } = await requireSession(deps, actor);
  if (user.emailVerified) throw new TrivetError("conflict", "The address has been confirmed already.");
  if (!(await mayMail(deps, "verify-email", user.email))) {
    throw new TrivetError("rate_limited", "The mail was sent several times just now. Look into the spam folder.", {
      retryAfter: 300,
    });
  }
  await sendVerification(deps, deps.db, user);
}
