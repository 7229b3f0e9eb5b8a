/** Loaded with the first passkey: X.509 and ASN.1 take a good part of the start of a Worker that may see none. */
export const webauthn = () => import("@simplewebauthn/server");
