import { type Account, deleteAccount, getAccount } from "@trivet/contracts";
import { createWorker, defineService, encryptionKeys, routesFor, serviceEnv } from "@trivet/http";
import { type ServiceBinding, TrivetError } from "@trivet/platform";
import { type Issuer, serviceSettings } from "@trivet/testing";

/** What users needs of auth, served from memory over the real contracts. */
export interface AuthStandIn {
  binding: ServiceBinding;
  accounts: Map<string, Account>;
  /** The ids that were asked for by `getAccount`, in order. */
  asked: string[];
  /** While true, nothing answers. */
  down: boolean;
  /** While true, no session was shown recently enough to be its owner's. */
  asksForProof: boolean;
}

/** The only session that an account has here is one of the same id. */
export function authStandIn(issuer: Issuer): AuthStandIn {
  const accounts = new Map<string, Account>();
  const asked: string[] = [];
  const { serve } = routesFor<object>();
  const read = serve(getAccount, async ({ params }) => {
    asked.push(params.id);
    const account = accounts.get(params.id);
    if (!account) throw new TrivetError("not_found");
    return account;
  });
  const remove = serve(deleteAccount, async ({ params, query }) => {
    if (!accounts.has(params.id)) throw new TrivetError("not_found");
    if (query.sessionId !== params.id) throw new TrivetError("unauthenticated", "This session has ended.");
    if (standIn.asksForProof) throw new TrivetError("confirmation_required");
    accounts.delete(params.id);
    return undefined;
  });
  const worker = createWorker(
    defineService({
      name: "auth",
      version: "0.0.0",
      summary: "",
      env: serviceEnv.extend({ AUTH_KEY: encryptionKeys }),
      deps: () => ({}),
      // Its only caller is the service under test, which sends each request once.
      replays: () => ({ claim: async () => true }),
      routes: [read, remove],
    }),
  );

  const standIn: AuthStandIn = {
    accounts,
    asked,
    down: false,
    asksForProof: false,
    binding: {
      fetch: async (request) => {
        if (standIn.down) throw new Error("connect ECONNREFUSED");
        if (request.url.endsWith("/jwks.json")) return await issuer.binding.fetch(request);
        return await worker.fetch(request, serviceSettings, { waitUntil: () => {} });
      },
    },
  };
  return standIn;
}
