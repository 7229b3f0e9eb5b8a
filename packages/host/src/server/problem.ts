/** RFC 9457 for what goes wrong before any service has seen a request. */
export interface Problem {
  status: number;
  title: string;
  detail: string;
  code: string;
}

export const problems = {
  malformed: { status: 400, title: "Bad request", detail: "This is not valid HTTP.", code: "malformed_request" },
  method: {
    status: 405,
    title: "Method not allowed",
    detail: "No address here answers CONNECT.",
    code: "method_not_allowed",
  },
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
  expectation: {
    status: 417,
    title: "Expectation failed",
    detail: "The only expectation that is met is 100-continue.",
    code: "malformed_request",
  },
  internal: {
    status: 500,
    title: "Internal error",
    detail: "Something went wrong on our side.",
    code: "internal",
  },
  version: {
    status: 505,
    title: "HTTP version not supported",
    detail: "This speaks HTTP/1.1 and HTTP/1.0.",
    code: "malformed_request",
  },
} as const satisfies Record<string, Problem>;

export const problemBody = ({ title, status, detail, code }: Problem): string =>
  JSON.stringify({ type: "about:blank", title, status, detail, code, error: title });

const problemHeaders = { "content-type": "application/problem+json", "cache-control": "no-store" } as const;

export const problemResponse = (problem: Problem): Response =>
  new Response(problemBody(problem), { status: problem.status, headers: problemHeaders });

/** Of what goes out with a refusal of the server itself: `Allow` where it is the method that is refused. */
export const refusalHeaders = (problem: Problem): Record<string, string> => ({
  ...problemHeaders,
  ...(problem === problems.method && { allow: answeredMethods }),
  connection: "close",
});

/** A refusal after which nothing that follows on the connection is read. */
export const refusalResponse = (problem: Problem): Response =>
  new Response(problemBody(problem), { status: problem.status, headers: refusalHeaders(problem) });

/** What a server answers at all, as `OPTIONS *` asks and `Allow` says. */
export const answeredMethods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
