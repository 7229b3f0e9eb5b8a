import { type ServiceContext, tooLarge, type Upload, watchBody } from "@trivet/http";
import type { Deps } from "./deps.ts";

/**
 * The body that is to be led on, watched for its length and for silence; undefined where there is none. A declared
 * length that is too large is refused before anything is read.
 */
export function cappedBody(c: ServiceContext<Deps>): Upload | undefined {
  const { MAX_BODY_BYTES: size, REQUEST_TIMEOUT_MS: silence } = c.env.deps().env;
  const body = watchBody(c.req.raw, { size, silence });
  const declared = c.req.raw.headers.get("content-length");
  if (body && declared !== null && Number(declared) > size) throw tooLarge(size);
  c.env.uploading.current = body;
  return body;
}
