import type { Engine } from "../engine/engine.ts";

/** Seconds a page has to trade the code in its address for tokens. */
export const codeSeconds = 120;

/** What everything that was issued to enter an account stands for, so that all of it can be made void at once. */
export const loginValue = (userId: string): string => `login ${userId}`;

/** A one-time code for POST /auth/session. */
export const issueLoginCode = (engine: Engine, userId: string): Promise<string> =>
  engine.issueToken("login-code", loginValue(userId), codeSeconds);

/** Whose code this is; it stays good. */
export async function readLoginCode(engine: Engine, code: string): Promise<string | undefined> {
  const value = await engine.readToken("login-code", code);
  return value?.replace(loginValue(""), "");
}

/** Uses the code up; false when somebody else just has, or when it was made void. */
export const spendLoginCode = async (engine: Engine, code: string): Promise<boolean> =>
  (await engine.consumeToken("login-code", code)) !== undefined;
