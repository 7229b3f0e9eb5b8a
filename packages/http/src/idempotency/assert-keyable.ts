import type { RouteContract } from "../contract.ts";

/** Refuses at start a contract that promises what could not be kept. */
export function assertKeyable({ idempotencyKey, access, method, path, request }: RouteContract, isKept: boolean): void {
  if (idempotencyKey === undefined) return;
  const route = `${method.toUpperCase()} ${path}`;
  if (!isKept) throw new Error(`${route} takes an Idempotency-Key, but its service has no \`idempotency\`.`);
  if (access.kind === "anyone" || access.kind === "optional") {
    // Strangers have no keys of their own: who guessed another's would be told the other's answer.
    throw new Error(`${route} takes an Idempotency-Key, which has to belong to somebody: ask for a user or a service.`);
  }
  const content = request?.body?.content;
  if (content !== undefined && !("application/json" in content)) {
    throw new Error(`${route} takes an Idempotency-Key, but its body is not JSON, by which repeats are known.`);
  }
}
