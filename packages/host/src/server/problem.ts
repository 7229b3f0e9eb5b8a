/** RFC 9457 for what goes wrong before any service has seen a request. */
export interface Problem {
  status: number;
  title: string;
  detail: string;
  code: string;
}

export const problems = {
  malformed: { status: 400, title: "Bad request", detail: "This is not valid HTTP.", code: "malformed_request" },
  timeout: {
    status: 408,
    title: "Request timeout",
    detail: "The request did not arrive in time.",
    code: "malformed_request",
  },
  target: {
    status: 414,
    title: "URI too long",
    detail: "Path and query are longer than 8 KB.",
    code: "malformed_request",
  },
  headers: {
    status: 431,
    title: "Request header fields too large",
    detail: "The headers are larger than 32 KB.",
    code: "malformed_request",
  },
  internal: {
    status: 500,
    title: "Internal error",
    detail: "Something went wrong on our side.",
    code: "internal",
  },
} as const satisfies Record<string, Problem>;

export const problemBody = ({ title, status, detail, code }: Problem): string =>
  JSON.stringify({ type: "about:blank", title, status, detail, code, error: title });

export const problemHeaders = { "content-type": "application/problem+json", "cache-control": "no-store" } as const;

export const problemResponse = (problem: Problem): Response =>
  new Response(problemBody(problem), { status: problem.status, headers: problemHeaders });
