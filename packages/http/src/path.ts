/** The path of a request's URL, as it was sent. Every runtime has resolved its dot segments already. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start === -1) return "/";
  const end = url.indexOf("?", start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
}

interface Addressed {
  method: string;
  path: string;
}

/**
 * Orders routes so that a static segment is tried before a parameter in the same place:
 * `/users/profile` before `/users/{id}`. Hono takes the first that matches.
 */
export function registrationOrder(a: { contract: Addressed }, b: { contract: Addressed }): number {
  const left = a.contract.path.split("/");
  const right = b.contract.path.split("/");
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = Number(isParameter(left[index])) - Number(isParameter(right[index]));
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The methods under which a path is known, in the order of `Allow`. */
export function allowedMethods(path: string, routes: readonly Addressed[]): string[] {
  const methods = new Set<string>();
  for (const route of routes) {
    const method = route.method.toUpperCase();
    if (method !== "ALL" && matches(route.path, path)) methods.add(method);
  }
  if (methods.has("GET")) methods.add("HEAD");
  if (methods.size > 0) methods.add("OPTIONS");
  return [...methods].toSorted();
}

function matches(pattern: string, path: string): boolean {
  const expected = pattern.split("/");
  const actual = path.split("/");
  return (
    expected.length === actual.length &&
    expected.every((segment, index) => (isParameter(segment) ? actual[index] !== "" : segment === actual[index]))
  );
}

const isParameter = (segment: string | undefined): boolean =>
  segment !== undefined && (segment.startsWith("{") || segment.startsWith(":"));
