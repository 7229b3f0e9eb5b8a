import { classOf } from "../limits.ts";
import { type Destination, destinationOf } from "../public-path.ts";
import type { HeaderRule, Placeholder } from "./schema.ts";

/** What stands in the place of a placeholder. */
export type Said = Record<Placeholder, string | undefined>;

/** The rules of an `env`, those for requests and those for answers apart. */
export class HeaderRules {
  readonly #request: readonly HeaderRule[];
  readonly #response: readonly HeaderRule[];

  constructor(rules: readonly HeaderRule[]) {
    // Rules speak of public paths, which have several names for one address.
    const own = rules.map((rule) => ({
      ...rule,
      ...(rule.path && { path: destinationOf(rule.path)?.path ?? rule.path }),
    }));
    this.#request = own.filter(({ on }) => on === "request");
    this.#response = own.filter(({ on }) => on === "response");
  }

  forRequest(method: string, to: Destination): readonly HeaderRule[] {
    return chosen(this.#request, method, to);
  }

  forResponse(method: string, to: Destination): readonly HeaderRule[] {
    return chosen(this.#response, method, to);
  }
}

function chosen(rules: readonly HeaderRule[], method: string, to: Destination): readonly HeaderRule[] {
  if (rules.length === 0) return rules;
  const kind = classOf(method, to);
  return rules.filter(
    (rule) =>
      (rule.service === undefined || rule.service === to.service) &&
      (rule.path === undefined || to.path.startsWith(rule.path)) &&
      (rule.class === undefined || rule.class === kind),
  );
}

/**
 * Removes, sets and appends, in this order, rule by rule. A header that would be set to what is not known is removed: what
 * the other side has said under its name must not stand for it.
 */
export function applyRules(headers: Headers, rules: readonly HeaderRule[], said: () => Said): void {
  if (rules.length === 0) return;
  const words = said();
  for (const { remove, set, append } of rules) {
    for (const name of remove) headers.delete(name);
    for (const [name, value] of Object.entries(set)) {
      const text = filled(value, words);
      if (text === undefined) headers.delete(name);
      else headers.set(name, text);
    }
    for (const [name, value] of Object.entries(append)) {
      const text = filled(value, words);
      if (text !== undefined) headers.append(name, text);
    }
  }
}

/** Undefined where it speaks of something that is not known. */
function filled(value: string, words: Said): string | undefined {
  let isKnown = true;
  const text = value.replaceAll(/\{(client_ip|request_id|user_id)\}/g, (_, name: Placeholder) => {
    isKnown &&= words[name] !== undefined;
    return words[name] ?? "";
  });
  return isKnown ? text : undefined;
}

/** Whether what the service gets by these rules is of one client: its answer is then nobody else's. */
export const isPersonal = (rules: readonly HeaderRule[]): boolean =>
  rules.some(({ set, append }) =>
    [...Object.values(set), ...Object.values(append)].some((value) => value.includes("{")),
  );
