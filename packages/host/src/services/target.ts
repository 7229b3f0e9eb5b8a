/** Path and query of a request's URL, which is normalised already: a cut is enough, and cheaper than parsing it again. */
export function targetOf(url: string): string {
  const path = url.indexOf("/", url.indexOf("//") + 2);
  const fragment = url.indexOf("#", path);
  return url.slice(path, fragment === -1 ? undefined : fragment);
}
