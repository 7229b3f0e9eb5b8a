/** How encrypted messages travel: one with a body in its place, one without in a header. */

export const communicationHeader = "x-service-communication";
export const encryptResponseHeader = "x-encrypt-response";
/** Where the message of a request or an answer stands that has no body. */
export const messageHeader = "x-encrypted-message";
export const sealedType = "application/jose";

export const saysEncrypted = (headers: Headers): boolean => headers.get(communicationHeader) === "encrypted";

export const hasSealedBody = (headers: Headers): boolean =>
  /^application\/jose *(?:;|$)/i.test(headers.get("content-type") ?? "");

/** Path and query of a URL: what a message is bound to. */
export function targetOf(url: string): string {
  const path = url.indexOf("/", url.indexOf("//") + 2);
  const fragment = url.indexOf("#", path);
  return path === -1 ? "/" : url.slice(path, fragment === -1 ? undefined : fragment);
}
