import { routesFor, type Scope } from "@trivet/http";
import type { Call, Invocation, ServiceBinding } from "@trivet/platform";
import { ApiKeys } from "./api-keys.ts";
import { type ResponseCache, responseCache } from "./cache/index.ts";
import { Documents } from "./document/documents.ts";
import { type Env, servicesOf } from "./env.ts";
import { HeaderRules } from "./header-rules/index.ts";
import { Limits } from "./limits.ts";

/** What the router remembers from one request to the next, in this process's memory. */
interface Memory {
  services: Map<string, ServiceBinding>;
  limits: Limits;
  apiKeys: ApiKeys;
  documents: Documents;
  cache: ResponseCache;
  headerRules: HeaderRules;
}

export interface Deps extends Memory {
  env: Env;
  call: Call;
  invocation: Invocation;
}

export const { route } = routesFor<Deps>();

const memories = new WeakMap<Env, Memory>();

export const deps = ({ env, call, invocation }: Scope<Env>): Deps => ({ ...memoryOf(env), env, call, invocation });

export function memoryOf(env: Env): Memory {
  const known = memories.get(env);
  if (known) return known;
  const services = servicesOf(env);
  const memory: Memory = {
    services,
    limits: new Limits(env),
    apiKeys: new ApiKeys(),
    documents: new Documents(),
    cache: responseCache(env),
    headerRules: new HeaderRules(env.HEADER_RULES),
  };
  memories.set(env, memory);
  return memory;
}
