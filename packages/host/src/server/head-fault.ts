import { type Problem, problems } from "./problem.ts";

/** The parts of a request's head that parsers let pass in more forms than one meaning. */
export interface Head {
  method: string;
  /** Every value of each name, joined by commas. */
  host: string | null | undefined;
  expect: string | null | undefined;
  contentLength: string | null | undefined;
  transferEncoding: string | null | undefined;
}

/**
 * What is wrong with a request that the runtime has parsed, the same on each of them. Where a proxy in front could read it
 * in another way (two hosts, two lengths, another coding than `chunked`), nobody is asked what was meant.
 */
export function headFault({ method, host, expect, contentLength, transferEncoding }: Head): Problem | undefined {
  if (method === "CONNECT") return problems.method;
  if (!host || host.includes(",")) return problems.malformed;
  if (contentLength?.includes(",")) return problems.malformed;
  if (transferEncoding && transferEncoding.toLowerCase() !== "chunked") return problems.malformed;
  // RFC 9110, 10.1.1: it is answered before the body, which may not come until then.
  if (expect && expect.toLowerCase() !== "100-continue") return problems.expectation;
  return undefined;
}
