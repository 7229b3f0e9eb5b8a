/** Bounds on the answer, so that it does not grow with what was sent. */
export const entryLimit = 50;
const pointerLimit = 200;

/** RFC 6901. */
export const pointer = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("")
    .slice(0, pointerLimit);
