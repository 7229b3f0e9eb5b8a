import { TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import {
  type AccountBrakeRule,
  clearAccountBrake,
  countAccountTry,
  countAddressTry,
  isKnownAddress,
  rememberAddress,
} from "../queries/brakes.ts";
import { keyedHash } from "../tokens/derived-keys.ts";

/** The address a request came from, as the router saw it; undefined when nobody vouches for one. */
export type ClientAddress = string | undefined;

/** Pauses of 10, 20, 40 ... seconds, at most five minutes: guessing gets nowhere, and an owner is never out for long. */
const rule: AccountBrakeRule = { free: 5, firstPause: 10, longestPause: 300, memory: 3_600 };

const windowSeconds = 300;
const mailsPerAddressee = 3;
const nobody = "00000000-0000-0000-0000-000000000000";

/**
 * Counts a try to log in against the address it comes from. Requests that nobody vouches for share
 * one account of tries: the brake never fails open. Throws `rate_limited`.
 */
export async function brakeAddress(deps: Deps, address: ClientAddress): Promise<void> {
  const key = await keyedHash(deps.env.AUTH_SECRET, "address", address ?? "unknown");
  const limit = deps.env.LOGIN_TRIES_PER_ADDRESS;
  const oldest = await countAddressTry(deps.db, `login:${key}`, limit, windowSeconds);
  if (oldest) throw tooMany(oldest.getTime() + windowSeconds * 1_000);
}

/** The brake on guessing one account's password. `release` after a success. */
export interface AccountBrake {
  release(): Promise<void>;
}

/**
 * Counts a try against what the account was called, whether it exists or not: the address and the
 * username of one account count apart, or else a pause of the one that holds for the other would tell
 * that they belong together. Where the account has logged in before there is a count of its own, so
 * that strangers cannot keep the owner out. Throws `rate_limited`.
 */
export async function brakeAccount(
  deps: Deps,
  { userId, identifier, address }: { userId: string | undefined; identifier: string; address: ClientAddress },
): Promise<AccountBrake> {
  const { db, env } = deps;
  const addressHash = await keyedHash(env.AUTH_SECRET, "address", address ?? "unknown");
  const known = address !== undefined && (await isKnownAddress(db, userId ?? nobody, addressHash));
  const account = await keyedHash(env.AUTH_SECRET, "identifier", identifier);
  const key = known ? `${account}:${addressHash}` : account;
  await countOrRefuse(deps, key);
  return {
    release: async () => {
      await clearAccountBrake(db, key);
      if (userId !== undefined && address !== undefined) await rememberAddress(db, userId, addressHash);
    },
  };
}

/** The brake on guessing the password or code of somebody who is logged in. Throws `rate_limited`. */
export async function brakeConfirmation(deps: Deps, userId: string): Promise<AccountBrake> {
  const key = await keyedHash(deps.env.AUTH_SECRET, "identifier", `confirm ${userId}`);
  await countOrRefuse(deps, key);
  return { release: () => clearAccountBrake(deps.db, key) };
}

/** Whether an addressee may get one more mail now. */
export async function mayMail(deps: Deps, purpose: string, email: string): Promise<boolean> {
  const key = await keyedHash(deps.env.AUTH_SECRET, "identifier", email);
  return (await countAddressTry(deps.db, `${purpose}:${key}`, mailsPerAddressee, windowSeconds)) === undefined;
}

async function countOrRefuse(deps: Deps, key: string): Promise<void> {
  const blockedUntil = await countAccountTry(deps.db, key, rule);
  if (blockedUntil) throw tooMany(blockedUntil.getTime());
}

const tooMany = (until: number): TrivetError =>
  new TrivetError("rate_limited", "Too many tries. Wait for the seconds in `Retry-After`, then try again.", {
    retryAfter: Math.max(1, Math.ceil((until - Date.now()) / 1_000)),
  });
