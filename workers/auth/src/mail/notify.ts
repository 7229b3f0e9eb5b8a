import { describeError } from "@trivet/platform";
import { html } from "hono/html";
import type { Deps } from "../deps.ts";
import { findUser } from "../queries/users.ts";
import type { Mail } from "./mailer.ts";
import { type Notice, wordsOf } from "./notices.ts";

/** Later it is no news. */
const keptFor = 24 * 3_600_000;

/**
 * Tells the owner of an account, after the answer, what has just been committed. Only at an address that
 * is proven: who opened the account may have typed a stranger's, and would have them mailed at will. What
 * goes wrong with it is logged, and takes nothing back.
 */
export function notify(deps: Deps, userId: string, notice: Notice): void {
  const at = new Date();
  const work = async () => {
    const user = await findUser(deps.db, userId);
    if (!user?.emailVerified) return;
    await deps.mailer.send(deps.db, await compose(user.email, notice, at), new Date(at.getTime() + keptFor));
  };
  deps.invocation.waitUntil(
    work().catch((error: unknown) => {
      deps.invocation.log.error("A mail about an account could not be made", { notice, fault: describeError(error) });
    }),
  );
}

/** Without a link: one that leads to a password is what such mails are forged for. */
async function compose(to: string, notice: Notice, at: Date): Promise<Mail> {
  const { subject, paragraphs } = wordsOf(notice, at);
  const page = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${subject}</title></head>
<body>${paragraphs.map(
    (text) => html`<p>${text}</p>
`,
  )}</body>
</html>
`;
  return { to, subject, text: `${paragraphs.join("\n\n")}\n`, html: String(await page) };
}
