/** An answer that is no page loads nothing and is framed by nobody; a page brings its own policy. */
const policy = "default-src 'none'; frame-ancestors 'none'";
const twoYears = 63_072_000;

/** The headers that OWASP's Secure Headers Project asks of every answer. */
export function addSecurityHeaders(headers: Headers, publicUrl: string): void {
  headers.set("x-content-type-options", "nosniff");
  headers.set("x-frame-options", "DENY");
  if (!headers.has("referrer-policy")) headers.set("referrer-policy", "no-referrer");
  if (!headers.has("content-security-policy")) headers.set("content-security-policy", policy);
  if (publicUrl.startsWith("https:")) {
    headers.set("strict-transport-security", `max-age=${twoYears}; includeSubDomains`);
  }
}
