import { errorCodes, type FieldError, type TrivetError } from "@trivet/platform";

/** RFC 9457 problem details, with the members that Trivet adds. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  /** The same as `title`, for clients that read `{ error }`. */
  error: string;
  request_id: string;
  errors?: FieldError[];
}

export function problemResponse(fault: TrivetError, path: string, requestId: string): Response {
  const row = errorCodes[fault.code];
  const problem: Problem = {
    type: `/problems/${fault.code}`,
    title: row.error,
    status: row.status,
    detail: fault.message,
    instance: path,
    code: fault.code,
    error: row.error,
    request_id: requestId,
    ...(fault.errors && { errors: fault.errors }),
  };
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store" });
  for (const [name, value] of Object.entries(fault.headers ?? {})) headers.set(name, value);
  if (fault.retryAfter !== undefined) headers.set("retry-after", String(Math.ceil(fault.retryAfter)));
  if (row.status === 401 && !headers.has("www-authenticate")) headers.set("www-authenticate", challengeOf(fault));
  return new Response(JSON.stringify(problem), { status: row.status, headers });
}

/** RFC 9110 section 15.5.2: a 401 names the scheme it expects. RFC 9470 has the name for a proof that is too long ago. */
const challengeOf = ({ code }: TrivetError): string =>
  `Bearer realm="trivet"${code === "confirmation_required" ? ', error="insufficient_user_authentication"' : ""}`;
