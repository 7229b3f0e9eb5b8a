import type { GeneratedRequest } from "../openapi/requests.ts";

/** Where runtimes may differ, and why that is not ours to mend. */
export interface Exception {
  why: string;
  applies(request: GeneratedRequest): boolean;
}

const below =
  (...prefixes: string[]) =>
  (request: GeneratedRequest) =>
    prefixes.some((prefix) => request.path.startsWith(prefix));

/** Kept short: each row is a promise to users that is not the same everywhere. */
export const exceptions: readonly Exception[] = [
  {
    why: "the landing page names the runtime, and how long each service took to answer",
    applies: ({ method, path }) => /^get$/i.test(method) && /^\/(?:_\/.*)?(?:\?.*)?$/.test(path),
  },
  {
    why: "counts of the whole database depend on what the other suites stored on each system",
    applies: below("/users/stats/count"),
  },
  {
    why: "the development mailbox holds what the other suites made each system send",
    applies: below("/auth/mailbox"),
  },
];
