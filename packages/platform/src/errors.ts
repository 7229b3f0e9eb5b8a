/**
 * Every way an answer can fail: the HTTP status, the short `error` string that simple clients read,
 * what the caller reads when nothing more precise is known, and what an operator should look at.
 * The set is closed: a new way to fail is a new row here.
 */
export const errorCodes = {
  malformed_request: {
    status: 400,
    error: "Bad request",
    detail: "The request could not be read. Check its syntax and encoding.",
    operator: "A client sent something that is not valid HTTP, JSON or percent-encoding.",
  },
  validation_failed: {
    status: 400,
    error: "Validation failed",
    detail: "Some fields are missing or malformed. Each is named in `errors`.",
    operator: "A client sent fields that the route's contract refuses.",
  },
  encryption_required: {
    status: 400,
    error: "Encryption required",
    detail:
      "This is only answered encrypted. Send `X-Service-Communication: encrypted` and the request as a JWE: its body as `application/jose`, or `X-Encrypted-Message` where it has none.",
    operator: "Somebody sent plain text to a route whose contract asks for encryption.",
  },
  decryption_failed: {
    status: 400,
    error: "Decryption failed",
    detail:
      "The encrypted message could not be read. It must be a compact JWE (`dir`, `A256GCM`) under a current key of this service, made for this method, path and query, and sent in one place.",
    operator:
      "Check that caller and callee hold the same `<SERVICE>_KEY`; the log says what was wrong with the message.",
  },
  encryption_expired: {
    status: 400,
    error: "Encrypted message expired",
    detail:
      "The encrypted message is too old, or from the future. Check the clock, and make a new one that is sent at once.",
    operator: "A message was held back, or two clocks differ by more than 30 seconds.",
  },
  unauthenticated: {
    status: 401,
    error: "Authentication required",
    detail: "Send a valid access token as `Authorization: Bearer <token>`.",
    operator: "No token, or one that is expired, forged or meant for somebody else.",
  },
  invalid_credentials: {
    status: 401,
    error: "Invalid credentials",
    detail: "The account or the password is wrong.",
    operator: "A failed login. Many of them from one address are a guessing attack.",
  },
  second_factor_required: {
    status: 401,
    error: "Second factor required",
    detail: "Repeat the login with a `code` from the authenticator app or a recovery code.",
    operator: "The password was right; the account asks for a second factor.",
  },
  confirmation_required: {
    status: 401,
    error: "Confirmation required",
    detail: "Show once more that the account is yours: POST /auth/confirm, then repeat this within five minutes.",
    operator:
      "Somebody is about to change how an account is entered, or to delete it, and has shown no more than a session.",
  },
  service_token_required: {
    status: 401,
    error: "Service token required",
    detail: "This route is for other services. Send `x-service-token`.",
    operator: "Somebody who is not a service called an internal route.",
  },
  service_token_invalid: {
    status: 403,
    error: "Invalid service token",
    detail: "The service token is expired, forged, or for another service or route.",
    operator: "Check that SERVICE_JWT_SECRET is the same everywhere and clocks agree.",
  },
  forbidden: {
    status: 403,
    error: "Forbidden",
    detail: "You are known, but not allowed to do this.",
    operator: "An authenticated actor tried what its role or ownership does not allow.",
  },
  not_found: {
    status: 404,
    error: "Not found",
    detail: "There is nothing at this address, or you may not see it.",
    operator: "A client asked for something that is not there.",
  },
  method_not_allowed: {
    status: 405,
    error: "Method not allowed",
    detail: "This address does not answer that method. `Allow` lists those it does.",
    operator: "A client used the wrong method.",
  },
  request_timeout: {
    status: 408,
    error: "Request timeout",
    detail: "The rest of the request did not come in time. Send it again.",
    operator: "A client began a request and stopped sending.",
  },
  conflict: {
    status: 409,
    error: "Conflict",
    detail: "The request contradicts what is stored.",
    operator: "Two requests wanted the same thing, or one came twice.",
  },
  idempotency_key_in_use: {
    status: 409,
    error: "Idempotency key in use",
    detail: "A request with this Idempotency-Key is being answered. Send it again after the seconds in `Retry-After`.",
    operator: "A client repeated a request before the first one was answered.",
  },
  encryption_replayed: {
    status: 409,
    error: "Encrypted message replayed",
    detail: "This encrypted message has come before. Make a new one, with a `jti` of its own, for each request.",
    operator: "A client sends one message twice, or somebody repeats what was overheard.",
  },
  gone: {
    status: 410,
    error: "Gone",
    detail: "This was here once and is not any more.",
    operator: "A client used a link or a code that has been consumed.",
  },
  precondition_failed: {
    status: 412,
    error: "Precondition failed",
    detail: "Somebody changed this since you read it. Read it again and repeat your change.",
    operator: "Two editors met; the second was asked to look again.",
  },
  payload_too_large: {
    status: 413,
    error: "Payload too large",
    detail: "The body is larger than this address accepts.",
    operator: "A client sent too much. The cap is a setting of the route and the router.",
  },
  unsupported_media_type: {
    status: 415,
    error: "Unsupported media type",
    detail: "Send the body as `Content-Type: application/json`.",
    operator: "A client sent a body in a format the route does not read.",
  },
  unprocessable: {
    status: 422,
    error: "Unprocessable",
    detail: "The request is well-formed but cannot be carried out.",
    operator: "A client asked for something that the rules of the service exclude.",
  },
  idempotency_key_reused: {
    status: 422,
    error: "Idempotency key reused",
    detail: "This Idempotency-Key was sent with another request. Use a new key for each request.",
    operator: "A client sends different requests under one key.",
  },
  rate_limited: {
    status: 429,
    error: "Too many requests",
    detail: "Wait for the seconds in `Retry-After`, then try again.",
    operator: "A caller is over its limit.",
  },
  client_closed_request: {
    status: 499,
    error: "Client closed request",
    detail: "The client went away before the answer.",
    operator: "A client left; nobody reads this answer. Its status is nginx's, there is none in HTTP.",
  },
  internal: {
    status: 500,
    error: "Internal error",
    detail: "Something went wrong on our side. The `request_id` finds it in the logs.",
    operator: "A fault in the code. The log line with this request id has the stack.",
  },
  corrupt_data: {
    status: 500,
    error: "Corrupt data",
    detail: "What is stored about this cannot be read. The `request_id` finds it in the logs.",
    operator: "A stored value is not of the form its reader expects; the cause says which and of what type.",
  },
  bad_gateway: {
    status: 502,
    error: "Bad gateway",
    detail: "A service behind this one answered something unusable.",
    operator: "A service broke its contract; the log names it.",
  },
  unavailable: {
    status: 503,
    error: "Service unavailable",
    detail: "A part this needs is down or overloaded. Try again shortly.",
    operator: "A service or the database cannot be reached; `/ready` says which.",
  },
  deadline_exceeded: {
    status: 504,
    error: "Deadline exceeded",
    detail: "No answer came in time. Try again shortly.",
    operator: "Something behind this request accepted it and did not answer in time.",
  },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** One bad field: `pointer` is an RFC 6901 JSON pointer into the part of the request `in` names. */
export interface FieldError {
  in: "body" | "query" | "path" | "header";
  pointer: string;
  detail: string;
}

export interface ErrorOptions {
  cause?: unknown;
  errors?: FieldError[];
  /** Seconds after which a repeat makes sense. */
  retryAfter?: number;
  headers?: Record<string, string>;
}

/** The one error class. `detail` is for the caller: what was expected, and how to mend it. */
export class TrivetError extends Error {
  override readonly name = "TrivetError";
  readonly code: ErrorCode;
  readonly status: number;
  readonly errors: FieldError[] | undefined;
  readonly retryAfter: number | undefined;
  readonly headers: Record<string, string> | undefined;

  constructor(code: ErrorCode, detail?: string, options: ErrorOptions = {}) {
    super(detail ?? errorCodes[code].detail, { cause: options.cause });
    this.code = code;
    this.status = errorCodes[code].status;
    this.errors = options.errors;
    this.retryAfter = options.retryAfter;
    this.headers = options.headers;
  }
}

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === "string" && Object.hasOwn(errorCodes, value);
