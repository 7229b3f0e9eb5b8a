import { type ServiceContext, shortBodyOf, tooLarge, type Upload, watchBody } from "@trivet/http";
import type { Deps } from "./deps.ts";

/**
 * The body that is to be led on: a short one whole, so that no service begins with one that breaks off; a longer one, or one
 * of unknown length, as it comes, watched for its length and for silence; undefined where there is none. A declared length
 * that is too large is refused before anything is read.
 */
export async function cappedBody(c: ServiceContext<Deps>): Promise<ArrayBuffer | Upload | undefined> {
  const { MAX_BODY_BYTES: size, REQUEST_TIMEOUT_MS: silence } = c.env.deps().env;
  const request = c.req.raw;
  const isTooLarge = Number(request.headers.get("content-length") ?? 0) > size;
  const short = isTooLarge ? undefined : await shortBodyOf(request, silence);
  if (short) return short;
  const body = request.bodyUsed ? undefined : watchBody(request, { size, silence });
  if (body && isTooLarge) throw tooLarge(size);
  c.env.uploading.current = body;
  return body;
}
