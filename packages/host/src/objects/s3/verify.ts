import { S3Fault } from "./fault.ts";
import { isDigest } from "./metadata.ts";

/** Headers with the digest by which the endpoint is to check what it receives. */
export function withMd5(md5: string, ...given: (Headers | undefined)[]): Headers {
  const headers = new Headers({ "content-md5": Buffer.from(md5, "hex").toString("base64") });
  for (const some of given) for (const [name, value] of some ?? []) headers.set(name, value);
  return headers;
}

/** Whether the endpoint says that it stored the bytes it was sent. */
export function checkDigest(etag: string, md5: string, headers: Headers): void {
  if (isDigest(etag, headers) && etag !== md5) {
    throw new S3Fault("WrongEtag", "The S3 endpoint acknowledged other bytes than it was sent");
  }
}
