import { sha256 } from "@trivet/platform";
import type { Engine, Purpose } from "../engine/engine.ts";
import { randomToken } from "../tokens/random-token.ts";

/** Seconds a page has to trade the code in its address for tokens. */
export const codeSeconds = 120;

/** What everything that was issued to enter an account stands for, so that all of it can be made void at once. */
export const loginValue = (userId: string): string => `login ${userId}`;

/** A one-time code as it is exchanged. */
export interface ShownCode {
  code: string;
  /** The secret of whoever began the login (RFC 7636), if they kept one. */
  codeVerifier: string | undefined;
}

/** A one-time code for POST /auth/session; with a challenge (RFC 7636, S256) it is for whoever has the verifier. */
export async function issueLoginCode(engine: Engine, userId: string, challenge: string | null = null): Promise<string> {
  const code = randomToken();
  await engine.storeToken(...lookup(code, challenge), loginValue(userId), codeSeconds);
  return code;
}

/** Whose code this is; it stays good. */
export async function readLoginCode(engine: Engine, shown: ShownCode): Promise<string | undefined> {
  const value = await engine.readToken(...lookup(shown.code, challengeOf(shown)));
  return value?.replace(loginValue(""), "");
}

/** Uses the code up; false when somebody else just has, or when it was made void. */
export const spendLoginCode = async (engine: Engine, shown: ShownCode): Promise<boolean> =>
  (await engine.consumeToken(...lookup(shown.code, challengeOf(shown)))) !== undefined;

/**
 * Code and challenge are looked up as one, so neither can be left out: a bound code is unknown without its verifier,
 * and one that nobody bound is unknown beside a verifier. The second keeps a page that always binds from taking a code
 * that an attacker got without (RFC 9700, 4.8). Two purposes, so that a code with a challenge written behind it is not
 * the same as both.
 */
const lookup = (code: string, challenge: string | null): [purpose: Purpose, token: string] =>
  challenge === null ? ["login-code", code] : ["bound-login-code", `${code} ${challenge}`];

const challengeOf = ({ codeVerifier }: ShownCode): string | null =>
  codeVerifier === undefined ? null : sha256(codeVerifier);
