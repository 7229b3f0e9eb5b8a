import { newId, type Role, type ServiceBinding } from "@trivet/platform";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { serviceSettings } from "./settings.ts";

export interface TokenOf {
  id: string;
  role?: Role;
  username?: string;
  /** The session of the same id when left out. */
  sessionId?: string;
}

/** Issues access tokens as auth does, and answers with the keys that verify them. */
export interface Issuer {
  /** What a service asks in place of auth, as long as it asks for nothing but keys. */
  binding: ServiceBinding;
  tokenOf(person: TokenOf): Promise<string>;
  /** Somebody new. */
  person(role?: Role): Promise<{ id: string; token: string }>;
}

export async function newIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "test", alg: "EdDSA", use: "sig" }];
  const issuer: Issuer = {
    binding: { fetch: async () => Response.json({ keys }) },
    tokenOf: ({ id, role = "user", username = "somebody", sessionId = id }) =>
      new SignJWT({ sid: sessionId, role, username })
        .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: "test" })
        .setIssuer(serviceSettings.PUBLIC_URL)
        .setAudience("trivet")
        .setSubject(id)
        .setIssuedAt()
        .setExpirationTime("10m")
        .setJti(id)
        .sign(privateKey),
    async person(role = "user") {
      const id = newId();
      return { id, token: await issuer.tokenOf({ id, role }) };
    },
  };
  return issuer;
}
