import { once } from "node:events";
import { createServer } from "node:http";
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { freePort } from "./free-port.ts";

/** What a client that somebody logged in at the provider with has in hand. */
export interface IdentityProvider {
  /** Its name among the system's providers. */
  id: string;
  issuer: string;
  clientId: string;
  /** Its private key. */
  key: JWK;
}

/** An OpenID Connect provider on loopback, as far as a system that is handed id tokens asks it. */
export async function startIdentityProvider(): Promise<{ provider: IdentityProvider; stop(): Promise<void> }> {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const answers: Record<string, object> = {
    "/.well-known/openid-configuration": {
      issuer,
      jwks_uri: `${issuer}/keys`,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    },
    "/keys": { keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "ES256", use: "sig" }] },
  };
  const server = createServer(({ url = "" }, response) => {
    const answer = answers[url];
    response.writeHead(answer ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? {}));
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { provider: { id: "house", issuer, clientId: "app", key: await exportJWK(privateKey) }, stop };
}

/** The id token of somebody whose address the provider vouches for. */
export async function idTokenOf({ issuer, clientId, key }: IdentityProvider, email: string): Promise<string> {
  return await new SignJWT({ email, email_verified: true, name: "Ada" })
    .setProtectedHeader({ alg: "ES256", kid: "1" })
    .setIssuer(issuer)
    .setAudience(clientId)
    .setSubject(email)
    .setIssuedAt()
    .setExpirationTime("5 minutes")
    .sign(await importJWK(key, "ES256"));
}
