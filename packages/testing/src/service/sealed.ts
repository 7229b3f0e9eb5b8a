import { encryptionKeys } from "@trivet/http";
import { keyVariable, mintServiceToken, saysEncrypted, sealRequest } from "@trivet/platform";
import { type Answer, answerOf } from "../client.ts";
import { serviceSettings } from "./settings.ts";

export interface SealedRequest {
  from: string;
  to: string;
  method: string;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Sends a request as a service does that encrypts, and opens the answer. */
export async function sendSealed(
  fetch: (request: Request) => Promise<Response>,
  { from, to, method, path, body, headers }: SealedRequest,
): Promise<Answer> {
  const url = `http://${to}${path}`;
  const ring = encryptionKeys.parse(Object(serviceSettings)[keyVariable(to)]);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const sealed = await sealRequest({ self: from, callee: to, method, url, body: text }, ring);
  const init = { method, headers: { ...headers, ...sealed.headers }, body: sealed.body ?? null };
  const response = await fetch(new Request(url, init));
  return await answerOf(saysEncrypted(response.headers) ? await sealed.open(response) : response);
}

/** The same with the token by which services know each other: a call. */
export const callSealed = async (
  fetch: (request: Request) => Promise<Response>,
  request: SealedRequest,
): Promise<Answer> => {
  const token = await mintServiceToken(request.from, request.to, serviceSettings.SERVICE_JWT_SECRET);
  return await sendSealed(fetch, { ...request, headers: { ...request.headers, "x-service-token": token } });
};
