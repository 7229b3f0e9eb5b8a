/** Where a public path leads: a service, and the path that the service itself serves. */
export interface Destination {
  service: string;
  path: string;
}

/** Whole paths that belong to another service than their first segment says. */
const wholePaths: Record<string, string> = {
  "/users/register": "/auth/register",
  "/users/login": "/auth/login",
  "/user/register": "/auth/register",
  "/user/login": "/auth/login",
  "/.well-known/jwks.json": "/auth/.well-known/jwks.json",
  "/asyncapi.json": "/events/asyncapi.json",
};

/** Other names of services. */
const aliases: Record<string, string> = {
  user: "users",
  post: "posts",
  files: "media",
  notification: "notifications",
  payment: "payments",
};

/** The other names of addresses of these services, for people to read. */
export function otherNames(services: { has(name: string): boolean }): [sent: string, answered: string][] {
  const leadsToOne = (path: string): boolean => services.has(path.split("/")[1] ?? "");
  return [
    ...Object.entries(aliases).map(([alias, service]): [string, string] => [`/${alias}/*`, `/${service}/*`]),
    ...Object.entries(wholePaths),
  ].filter(([, answered]) => leadsToOne(answered));
}

/** Letters, digits and `-._~` in percent-encoding, which means the same as without (RFC 3986, 2.3). */
const needlessEscape = /%(?:3\d|[46][1-9A-F]|[57][\dA]|2D|2E|5F|7E)/gi;

/** A segment that reads the same to everybody. */
const plain = /^[a-z\d_-]+$/;

/**
 * Applies the public path rule `[/api[/v1]]/<service>/<rest>`. `pathname` is a URL's, so dot segments
 * are resolved already. Undefined where nothing public can be: no service named, or an internal route,
 * however its letters are encoded.
 */
export function destinationOf(pathname: string): Destination | undefined {
  // Most paths have nothing to decode, and nothing in them can hide.
  const spelled = pathname.includes("%") ? pathname.replaceAll(needlessEscape, decodeURIComponent) : pathname;
  const path = spelled.replace(/^\/api(?:\/v1)?(?=\/)/, "");
  const known = wholePaths[path] ?? path;
  const [, first = "", ...rest] = known.split("/");
  const service = Object.hasOwn(aliases, first) ? aliases[first] : first;
  if (service === undefined || !/^[a-z][a-z\d-]*$/.test(service) || isInternal(rest)) return undefined;
  return { service, path: `/${[service, ...rest].join("/")}` };
}

/**
 * Decoded twice over, with every kind of slash and without blanks, since a service behind may decode
 * once itself. A dot segment that is only there once decoded is taken for an attempt to get inside.
 */
function isInternal(rest: readonly string[]): boolean {
  if (rest.every((segment) => plain.test(segment))) return rest[0] === "internal";
  const segments = decodeAscii(decodeAscii(rest.join("/")))
    .split(/[/\\]/)
    .map((segment) => segment.replaceAll(/[\s\p{Cc}]/gu, "").toLowerCase())
    .filter((segment) => segment !== "" && segment !== ".");
  return segments[0] === "internal" || segments.includes("..");
}

/** Piece by piece, so that one malformed escape does not hide the others. */
const decodeAscii = (text: string): string =>
  text.replaceAll(/%[0-7][\da-f]/gi, (octet) => String.fromCharCode(Number.parseInt(octet.slice(1), 16)));
