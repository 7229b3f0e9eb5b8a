import type { RequestOptions } from "../client.ts";
import type { GeneratedRequest } from "../openapi/requests.ts";

const targets = ["/users/profile", "/auth/login", "/health", "/", "/users/search/dor", "/nowhere"];

const methods = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "POST", "PROPFIND", "get"];

const spellings = [
  "//users/profile",
  "/users//profile",
  "/users/profile/",
  "/USERS/profile",
  "/users/profile?",
  "/users/profile?a=1&a=2&=&&",
  "/users/profile#fragment",
  "/users/%70rofile",
  "/users%2fprofile",
  "/users/%2e%2e/auth/me",
  "/users/..%2fauth/me",
  "/users\\profile",
  "/users/profile;v=1",
  "/api/users/profile",
  "/api/v1/users/profile",
  "/api/v2/users/profile",
  "/api",
  "/user/profile",
  "/user",
  "/users",
  "/users/",
  "/users/%zz",
  "/users/%00",
  "/users/%c0%af",
  "/users/%ED%A0%80",
  "/users/%F0%9F%A7%AE",
  "/users/search/%F0%9F%A7%AE",
  "/users/search/a%20b",
  "/users/search/a+b",
  "/users/search/%25",
  "/users/search/'%20OR%201=1",
  "/users/search/dor?limit=1&limit=2",
  "/users/search/dor?LIMIT=1",
  "/users/search/dor?limit=01",
  "/users/search/dor?limit=+1",
  "/users/search/dor?limit=1.0",
  "/users/search/dor?limit=%31",
  "/users/internal/batch",
  "/auth/internal/accounts/x",
  "/internal/x",
  "/_/",
  "/favicon.ico",
  "/.env",
  "/auth/.well-known/jwks.json",
  "/.well-known/jwks.json",
  `/users/${"a".repeat(4_000)}`,
  `/users/search/dor?x=${"a".repeat(6_000)}`,
];

const headerSets: Record<string, string>[] = [
  { accept: "text/html" },
  { accept: "application/xml;q=0.1" },
  { "accept-encoding": "identity" },
  { authorization: "" },
  { authorization: "Bearer" },
  { authorization: "Bearer  x" },
  { authorization: "bearer x.y.z" },
  { authorization: "Basic YTpi" },
  { "x-api-key": "nonsense" },
  { "x-api-key": "" },
  { "x-service-token": "nonsense" },
  { "x-request-deadline": "1" },
  { "x-request-deadline": "soon" },
  { "x-forwarded-for": "10.0.0.1" },
  { "x-forwarded-host": "elsewhere.test", "x-forwarded-proto": "https" },
  { origin: "https://elsewhere.test" },
  { origin: "null", "access-control-request-method": "DELETE", "access-control-request-headers": "x-a" },
  { "if-none-match": "*" },
  { "if-none-match": '"x"' },
  { "if-match": '"x"' },
  { "idempotency-key": "x" },
  { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "a=b" },
  { cookie: "session=x" },
  { "accept-language": "de,en;q=0.5" },
  { "content-type": "" },
  { "content-type": "application/json;charset=iso-8859-1" },
  { "user-agent": "" },
];

/** Requests that a client library would hardly send: odd methods, spellings, headers and bodies. */
export function oddRequests(): GeneratedRequest[] {
  const login = JSON.stringify({ email: "nobody@example.com", password: "correct horse" });
  const request = (method: string, path: string, options: RequestOptions = {}) => ({ method, path, options });
  return [
    ...targets.flatMap((path) => methods.map((method) => request(method, path))),
    ...[2, 20].flatMap((pieces) =>
      ["/auth/login", "/users/profile", "/health", "/nowhere"].map((path) =>
        request("POST", path, { raw: login, pieces }),
      ),
    ),
    ...[0, 1, login.length - 1].map((length) =>
      request("POST", "/auth/login", { raw: login.slice(0, length), pieces: 3 }),
    ),
    ...spellings.flatMap((path) => [request("GET", path), request("DELETE", path)]),
    ...headerSets.flatMap((headers) => [
      request("GET", "/users/profile", { headers }),
      request("GET", "/users/stats/nothing", { headers }),
      request("POST", "/auth/login", { headers, raw: "{}" }),
      request("OPTIONS", "/users/profile", { headers }),
    ]),
  ];
}
