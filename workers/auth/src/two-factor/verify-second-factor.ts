import { createOTP } from "@better-auth/utils/otp";
import { transaction } from "@trivet/db";
import { sameSecret } from "@trivet/platform";
import { type Deps, engineOf } from "../deps.ts";
import { notify } from "../mail/notify.ts";
import { findTwoFactor, lockTwoFactor, takeTotpStep } from "../queries/users.ts";

const periodMs = 30_000;
const totpForm = /^\d{6}$/;

/**
 * Whether `code` is the account's present TOTP code or an unspent recovery code; either is good once. Throws
 * `unavailable` when AUTH_SECRET is not the one under which they were encrypted.
 */
export async function verifySecondFactor(deps: Deps, userId: string, code: string): Promise<boolean> {
  const compact = code.replaceAll(/\s/g, "");
  if (totpForm.test(compact)) return await acceptTotp(deps, userId, compact);
  const spent = await transaction(deps.db, async (tx) => {
    // The engine's own comparison with what is stored lets two through that come at the same moment.
    const factor = await lockTwoFactor(tx, userId);
    if (!factor) return false;
    const engine = engineOf(deps, tx);
    // Stored under the same secret; that the codes cannot be opened, the engine says by an error without a name.
    await engine.openTotpSecret(factor.secret);
    return await engine.spendRecoveryCode(userId, compact);
  });
  if (spent) notify(deps, userId, "recovery-code.used");
  return spent;
}

/**
 * Accepts the code of the present time step and its two neighbours, for clocks that differ. The
 * engine checks codes too, but would take the same one again within its window: RFC 6238 section 5.2
 * wants each accepted once, so the step it belongs to is used up here.
 */
export async function acceptTotp(deps: Deps, userId: string, code: string): Promise<boolean> {
  const factor = await findTwoFactor(deps.db, userId);
  if (!factor) return false;
  const otp = createOTP(await engineOf(deps, deps.db).openTotpSecret(factor.secret));
  const present = Math.floor(Date.now() / periodMs);
  for (const step of [present - 1, present, present + 1]) {
    if (sameSecret(await otp.hotp(step), code) && (await takeTotpStep(deps.db, userId, step))) return true;
  }
  return false;
}
