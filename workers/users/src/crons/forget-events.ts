import { forgetOld } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { inbox } from "../tables.ts";

/** Forgets which events took effect long ago. A repeat finds nothing left to forget. */
export async function forgetEvents({ db }: Deps): Promise<void> {
  await forgetOld(db, inbox);
}
