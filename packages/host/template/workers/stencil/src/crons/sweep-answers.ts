import type { Deps } from "../deps.ts";

/** Forgets the answers that no repeat may ask for any more. A repeat finds nothing left to forget. */
export async function sweepAnswers({ answers }: Deps): Promise<void> {
  await answers.sweep();
}
