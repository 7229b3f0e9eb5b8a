import { type Account, getAccount } from "@trivet/contracts";
import { TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";

/** Asks auth; undefined when it knows no such account. Throws `unavailable` when it cannot be asked. */
export async function findAccount({ env, call }: Deps, id: string): Promise<Account | undefined> {
  try {
    return await call(env.AUTH, getAccount, { params: { id } });
  } catch (error) {
    if (error instanceof TrivetError && error.code === "not_found") return undefined;
    throw error;
  }
}
