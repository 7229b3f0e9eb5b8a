import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import { settings } from "./settings.ts";

/** Somebody with an account at the provider. */
export interface Member {
  sub: string;
  email?: string;
  email_verified?: boolean;
  name?: string;
  preferred_username?: string;
}

/** A real OpenID Connect provider on loopback, at which a member logs in by being `member`. */
export interface TestProvider {
  issuer: string;
  /** Who is logged in next; null refuses the login. */
  member: Member | null;
  clientId: string;
  clientSecret: string;
  nativeRedirect: string;
  stop(): Promise<void>;
}

export async function startProvider(): Promise<TestProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${portOf(server)}`;
  const members = new Map<string, Member>();
  const idp: TestProvider = {
    issuer,
    member: null,
    clientId: "trivet",
    clientSecret: "a client secret of the test provider",
    nativeRedirect: "http://127.0.0.1/native",
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: idp.clientId,
        client_secret: idp.clientSecret,
        redirect_uris: [`${settings.PUBLIC_URL}/auth/oauth/house/callback`, idp.nativeRedirect],
        response_types: ["code"],
        grant_types: ["authorization_code"],
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ["a cookie key of the test provider"] },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ ...members.get(sub), sub }) }),
    async loadExistingGrant({ oidc }) {
      const { client, session } = oidc;
      const grant = new oidc.provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (!request.url?.startsWith("/interaction/")) return void answer(request, response);
    const { member } = idp;
    if (member) members.set(member.sub, member);
    const result = member ? { login: { accountId: member.sub, remember: false } } : { error: "access_denied" };
    provider.interactionFinished(request, response, result).catch(() => response.destroy());
  });
  return idp;
}

/** A server that listens on TCP has an address with a port. */
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
