import { type KeyRings, keyVariable } from "@trivet/platform";
import type { RouteContract } from "../contract.ts";

const isEncrypted = ({ encryption = "none" }: RouteContract): boolean => encryption !== "none";
const nameOf = ({ method, path }: RouteContract): string => `${method.toUpperCase()} ${path}`;

/** Refuses at start a contract whose requests somebody could repeat: their ids have to be kept somewhere. */
export function assertReplaysAreKept(contract: RouteContract, areKept: boolean): void {
  if (!isEncrypted(contract) || contract.method === "get" || areKept) return;
  throw new Error(`${nameOf(contract)} may come encrypted, but its service has no \`replays\` to know repeats by.`);
}

/** Refuses to start a service that nobody could talk to as its contracts promise. */
export function assertKey(contracts: readonly RouteContract[], service: string, keys: KeyRings): void {
  const first = contracts.find(isEncrypted);
  if (first === undefined || keys.has(service)) return;
  throw new Error(`${nameOf(first)} may come encrypted: name ${keyVariable(service)} in [secrets] and in \`env\`.`);
}
