import { type FieldError, TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";

/** Only listed prefixes: an open redirect would hand the one-time code to whoever asks. Throws `validation_failed`. */
export function assertMayReturn(
  { env }: Pick<Deps, "env">,
  returnTo: string | undefined,
  place: FieldError["in"] = "body",
): void {
  if (returnTo === undefined) return;
  const url = URL.parse(returnTo);
  const allowed = env.OAUTH_RETURN_URLS.some((prefix) => url?.href.startsWith(prefix));
  if (url && allowed && url.username === "" && url.password === "") return;
  throw new TrivetError("validation_failed", undefined, {
    errors: [{ in: place, pointer: "/return_to", detail: "is not below one of the addresses in OAUTH_RETURN_URLS" }],
  });
}
