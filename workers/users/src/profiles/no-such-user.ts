import { TrivetError } from "@trivet/platform";

/** The same for everybody who is not there, was erased, or is hidden by a block: nobody can tell these apart. */
export const noSuchUser = (): TrivetError =>
  new TrivetError("not_found", "There is no such user, or you may not see them.");
