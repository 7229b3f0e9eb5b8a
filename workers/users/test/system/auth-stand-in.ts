import { type Account, deleteAccount, getAccount } from "@trivet/contracts";
import { access, createWorker, defineService, encryptionKeys, json, routesFor, serviceEnv } from "@trivet/http";
import { type ServiceBinding, TrivetError } from "@trivet/platform";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { z } from "zod";

/** What users needs of auth, served from memory over the real contracts. */
export interface AuthStandIn {
  binding: ServiceBinding;
  accounts: Map<string, Account>;
  /** The ids that were asked for by `getAccount`, in order. */
  asked: string[];
  /** While true, nothing answers. */
  down: boolean;
  /** The only session that an account has here is one of the same id. */
  tokenFor(account: Pick<Account, "id" | "username">, sessionId?: string): Promise<string>;
}

export async function authStandIn(env: {
  PUBLIC_URL: string;
  SERVICE_JWT_SECRET: string;
  AUTH_KEY: string;
}): Promise<AuthStandIn> {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA");
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "test", alg: "EdDSA", use: "sig" }] };
  const accounts = new Map<string, Account>();
  const asked: string[] = [];

  const { route, serve } = routesFor<object>();
  const keys = route(
    {
      method: "get",
      path: "/auth/.well-known/jwks.json",
      summary: "Keys",
      access: access.anyone,
      responses: { 200: json(z.looseObject({}), "The keys") },
    },
    (c) => c.json(jwks, 200),
  );
  const read = serve(getAccount, async ({ params }) => {
    asked.push(params.id);
    const account = accounts.get(params.id);
    if (!account) throw new TrivetError("not_found");
    return account;
  });
  const remove = serve(deleteAccount, async ({ params, query }) => {
    if (!accounts.has(params.id)) throw new TrivetError("not_found");
    if (query.sessionId !== params.id) throw new TrivetError("unauthenticated", "This session has ended.");
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
      routes: [keys, read, remove],
    }),
  );

  const standIn: AuthStandIn = {
    accounts,
    asked,
    down: false,
    binding: {
      fetch: async (request) => {
        if (standIn.down) throw new Error("connect ECONNREFUSED");
        return await worker.fetch(request, env, { waitUntil: () => {} });
      },
    },
    tokenFor: ({ id, username }, sessionId = id) =>
      new SignJWT({ sid: sessionId, role: "user", username })
        .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: "test" })
        .setIssuer(env.PUBLIC_URL)
        .setAudience("trivet")
        .setSubject(id)
        .setIssuedAt()
        .setExpirationTime("10m")
        .setJti(id)
        .sign(privateKey),
  };
  return standIn;
}
