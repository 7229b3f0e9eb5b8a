import type { Deps } from "../deps.ts";

let warned = false;

/** Once per process, where it matters: nobody should find out from users who wait for a mail. */
export function warnAboutMail({ env, invocation }: Pick<Deps, "env" | "invocation">): void {
  if (warned || env.TRIVET_ENV !== "production") return;
  warned = true;
  invocation.log.warn(
    "No mail leaves this system yet: confirmation and reset links wait in auth.mails until they expire",
  );
}
