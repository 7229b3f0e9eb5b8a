/**
 * The few functions of `node:crypto` that workerd implements natively and this package wraps.
 * Everything else of Node stays invisible to services.
 */
declare module "node:crypto" {
  export function scrypt(
    password: Uint8Array,
    salt: Uint8Array,
    keyLength: number,
    options: { N: number; r: number; p: number; maxmem: number },
    done: (error: Error | null, key: Uint8Array) => void,
  ): void;
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
  export function createHash(algorithm: "sha1" | "sha256"): {
    update(data: string | Uint8Array): { digest(encoding: "base64url" | "hex"): string };
  };
}
