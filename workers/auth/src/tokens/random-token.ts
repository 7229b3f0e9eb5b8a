import { base64url } from "jose";

/** 256 random bits in base64url: nobody guesses it, so a fast hash of it is safe to store. */
export const randomToken = (): string => base64url.encode(crypto.getRandomValues(new Uint8Array(32)));
