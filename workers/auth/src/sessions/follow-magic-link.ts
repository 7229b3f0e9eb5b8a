import { transaction } from "@trivet/db";
import { TrivetError } from "@trivet/platform";
import { deliverSoon } from "../accounts/announce.ts";
import { proveAddress } from "../accounts/prove-address.ts";
import { type Deps, engineOf } from "../deps.ts";
import { assertCanSign } from "../keys/keyring.ts";
import { halves } from "../mail/send-magic-link.ts";
import { lockUser } from "../queries/users.ts";
import { removeTokensFor } from "../queries/verifications.ts";
import { assertNotBanned } from "./login.ts";
import { issueLoginCode, loginValue } from "./login-code.ts";
import { assertMayReturn } from "./may-return.ts";

/**
 * A one-time code for POST /auth/session, for whoever follows a mailed link in the browser that asked
 * for it, once. A link that was forwarded, or read by somebody else, opens nothing elsewhere; nor does
 * one that an attacker asked for and sent on log anybody in to the attacker's account. It proves the
 * address of whom it was mailed to.
 *
 * Throws `gone` for a link that is unknown, used, expired or another browser's, `forbidden` for a
 * banned account.
 */
export async function followMagicLink(
  deps: Deps,
  { token, browser, returnTo }: { token: string; browser: string | undefined; returnTo: string | undefined },
): Promise<{ code: string; location: string | null }> {
  assertMayReturn(deps, returnTo);
  await assertCanSign(deps);
  const code = await transaction(deps.db, async (tx) => {
    const engine = engineOf(deps, tx);
    const value = browser === undefined ? undefined : await engine.consumeToken("magic-link", halves(token, browser));
    const user = value === undefined ? undefined : await lockUser(tx, value.replace(loginValue(""), ""));
    if (!user) return undefined;
    assertNotBanned(user);
    await removeTokensFor(tx, loginValue(user.id));
    await proveAddress(deps, tx, user, "addressee");
    return await issueLoginCode(engine, user.id);
  });
  if (code === undefined) {
    throw new TrivetError("gone", "This link has been used, is too old, or was asked for in another browser.");
  }
  deliverSoon(deps);
  const location = returnTo === undefined ? null : new URL(returnTo);
  location?.searchParams.set("code", code);
  return { code, location: location?.href ?? null };
}
