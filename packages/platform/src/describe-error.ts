/** What a log may say of a failure: names, messages and the stack, but no values bound to a query. */
export interface ErrorDescription {
  name: string;
  message: string;
  stack?: string | undefined;
  query?: string;
  /** SQLSTATE of the database, or the system's own such as ECONNREFUSED. */
  error_code?: string;
  cause?: ErrorDescription;
}

const depthLimit = 4;

export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error) };
  // drizzle's message lists the bound values, which may be secrets; its cause, the server's words, does not.
  const listsValues = error.message.startsWith("Failed query:");
  const query = listsValues && "query" in error && typeof error.query === "string" ? error.query : undefined;
  const description: ErrorDescription = {
    name: error.name,
    message: listsValues ? "Failed query" : error.message,
    stack: listsValues ? undefined : error.stack,
  };
  if (query !== undefined) description.query = query;
  if ("code" in error && typeof error.code === "string") description.error_code = error.code;
  if (error.cause !== undefined && depth < depthLimit) description.cause = describeError(error.cause, depth + 1);
  return description;
}
